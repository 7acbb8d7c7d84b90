/** The kit outside vitest: under node:test in a process of its own, over handlers of the guides. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { handlerCases } from '../../../src/testing/index.js'
import { bundle } from '../../helpers/bundle.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { blocksOf, wholeText } from '../../helpers/markdown.js'

/** The code of a guide up to the block that has certain words. */
function codeOf(page: string, words: string): string {
  const text = readFileSync(new URL(`../../../docs/how-to/${page}`, import.meta.url), 'utf8')
  const blocks = blocksOf(text)
  const index = blocks.findIndex((block) => block.text.includes(words))
  return wholeText(blocks, index)
}

/** Runs a script of tests and counts what node:test reports. */
async function runTests(text: string): Promise<{ pass: number; fail: number; output: string }> {
  const script = join(temporaryFolder(), 'kit.test.mjs')
  await bundle(text, script)
  const args = ['--test', '--test-reporter=tap', script]
  const env = { ...process.env }
  delete env['NODE_TEST_CONTEXT'] // the child is nobody's sub-test
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env, timeout: 60_000 })
  const count = (kind: string) => Number(new RegExp(`^# ${kind} (\\d+)$`, 'm').exec(stdout)?.[1])
  return { pass: count('pass'), fail: count('fail'), output: stdout }
}

/** The kit over a handler that keeps its records in `records`. */
const kitOver = (handler: string) => `
  import test from 'node:test'
  import { handlerCases } from 'sessionz/testing'

  function create() {
    records.clear()
    let nowMs = 1_700_000_000_000
    return {
      handlers: [${handler}],
      now: () => nowMs,
      advance: (seconds: number) => void (nowMs += seconds * 1000),
      context: { lockWaitMs: 500 },
    }
  }
  for (const { name, run } of handlerCases(create)) test(name, run)
`

const ALL = handlerCases(() => ({
  handlers: [memoryHandler()],
  now: () => 0,
  advance: () => undefined,
})).length

describe('the kit under node:test', () => {
  it('passes for the handler of the guide, which lacks nothing', { timeout: 90_000 }, async () => {
    const guide = codeOf('write-a-handler.md', 'export function mapHandler')
    const { pass, fail, output } = await runTests(guide + kitOver('mapHandler()'))

    expect(fail, output).toBe(0)
    expect(pass).toBe(ALL)
  })

  it('fails by name for a handler that brings sessions back', { timeout: 90_000 }, async () => {
    const guide = codeOf('write-a-handler.md', 'export function mapHandler')
    const spoilt = guide.replace(
      '!== context.isNew) return false',
      '&& context.isNew) return false',
    )
    const { fail, output } = await runTests(spoilt + kitOver('mapHandler()'))

    expect(spoilt).not.toBe(guide)
    expect(fail).toBeGreaterThan(0)
    expect(output).toMatch(/^not ok \d+ - a write never brings a destroyed record back$/m)
  })
})
