/** Processes killed while they write: the next one finds the old or the new content, whole. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { filesHandler } from '../../src/handlers/files.js'
import { talkToNode } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'
import { has } from '../helpers/services.js'

const WORKER = 'tests/helpers/children/files-worker.ts'
const ID = 'abc'
const LANES = 4
const hasPhp = has('php')

/** A session of the worker: one digit, repeated as often as it says. */
function isWhole(content: string): boolean {
  const [, length, digits = ''] = /^v\|s:(\d+):"(\d*)";$/.exec(content) ?? []
  return Number(length) === digits.length && digits === (digits[0] ?? '').repeat(digits.length)
}

interface Outcome {
  kills: number
  tornOnDisk: number
  tornAfterwards: number
  unreadByPhp: number
}

function phpReads(folder: string): boolean {
  const code = `session_id('${ID}'); session_start(); $v = $_SESSION['v'];
    exit(strlen($v) > 0 && $v === str_repeat($v[0], strlen($v)) ? 0 : 1);`
  const flags = ['save_path=' + folder, 'use_cookies=0', 'use_only_cookies=0', 'cache_limiter=']
  const ini = flags.flatMap((flag) => ['-d', `session.${flag}`])
  return spawnSync('php', ['-n', ...ini, '-d', 'memory_limit=256M', '-r', code]).status === 0
}

/** Kills one writer after another in one folder, and looks after each. */
async function lane(folder: string, size: number, kills: number, outcome: Outcome): Promise<void> {
  const path = join(folder, `sess_${ID}`)
  mkdirSync(folder)
  writeFileSync(path, 'v|s:1:"0";', { mode: 0o600 })
  const handler = filesHandler({ savePath: folder, lock: 'process' })
  const chain = composeChain([handler])
  for (let kill = 0; kill < kills; kill += 1) {
    const args = [folder, ID, '{"lock":"process"}', 'write', String(size)]
    const writer = await talkToNode(WORKER, args)
    await writer.line()
    // Anywhere between the first byte and the tenth write or so; large ones take longer.
    const patience = Math.random() * (size > 1e6 ? 60 : 12)
    await new Promise((resolve) => setTimeout(resolve, patience))
    writer.kill()
    await writer.ended
    outcome.kills += 1
    if (!isWhole(readFileSync(path, 'latin1'))) outcome.tornOnDisk += 1
    const payload = await chain.read(ID, createContext())
    if (!isWhole(Buffer.from(payload ?? '').toString('latin1'))) outcome.tornAfterwards += 1
    if (existsSync(`${path}.journal`)) outcome.tornAfterwards += 1
    if (hasPhp && kill % 10 === 9 && !phpReads(folder)) outcome.unreadByPhp += 1
  }
}

async function killWriters(size: number, kills: number): Promise<Outcome> {
  const outcome = { kills: 0, tornOnDisk: 0, tornAfterwards: 0, unreadByPhp: 0 }
  const root = temporaryFolder()
  const lanes = Array.from({ length: LANES }, (_, index) =>
    lane(join(root, String(index)), size, Math.ceil(kills / LANES), outcome),
  )
  await Promise.all(lanes)
  return outcome
}

describe('a process killed while it writes', () => {
  it.each([
    ['1 KB', 1024, 260],
    ['64 KB', 65_536, 240],
    ['4 MB', 4_194_304, 24],
  ])(
    'leaves the old or the new content of %s, whole',
    { timeout: 600_000 },
    async (_, size, kills) => {
      const outcome = await killWriters(size, kills)

      expect(outcome).toMatchObject({ kills, tornAfterwards: 0, unreadByPhp: 0 })
      console.info(
        `${size} bytes: ${kills} kills, ${outcome.tornOnDisk} torn on disk, 0 afterwards`,
      )
    },
  )

  it('leaves nothing else behind once gc has run', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, `sess_${ID}`), 'v|s:1:"0";', { mode: 0o600 })
    const writer = await talkToNode(WORKER, [folder, ID, '{"lock":"process"}', 'write', '65536'])
    await writer.line()
    writer.kill()
    await writer.ended

    const handler = filesHandler({ savePath: folder, lock: 'process' })
    expect(await composeChain([handler]).gc(1440, createContext())).toBe(0)

    expect(readdirSync(folder)).toEqual([`sess_${ID}`])
  })
})

describe.runIf(has('perl'))('a process killed while it makes a session', () => {
  it('leaves none, an empty one or the whole one', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder()
    const seen: number[] = []
    for (let kill = 0; kill < 20; kill += 1) {
      const id = `new${kill}`
      const writer = await talkToNode(WORKER, [folder, id, '{}', 'make', '50000'])
      await writer.line()
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      writer.kill()
      await writer.ended
      const handler = filesHandler({ savePath: folder, lock: 'process' })
      const payload = await composeChain([handler]).read(id, createContext())
      seen.push(payload?.length ?? 0)
    }

    const whole = `v|s:50000:"${'1'.repeat(50_000)}";`.length
    expect(seen.filter((length) => length !== 0 && length !== whole)).toEqual([])
  })
})
