/** Moves by real processes: several at once, and some that are killed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { talkToNode, type Talker } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'
import { describeWith } from '../helpers/services.js'

const ID = 'a'.repeat(32)

function places() {
  const [old, hidden] = [temporaryFolder(), temporaryFolder()]
  const oldFile = join(old, `sess_${ID}`)
  writeFileSync(oldFile, '0', { mode: 0o600 })
  const worker = async (mode: string): Promise<Talker> => {
    const talker = await talkToNode('tests/helpers/children/migrating-worker.ts', [
      old,
      hidden,
      mode,
    ])
    expect(await talker.line()).toBe('ready')
    return talker
  }
  return { oldFile, worker }
}

/** What a process that has ended had said and nobody has heard; 0 for nothing. */
async function lastLineOf(talker: Talker): Promise<number> {
  let last = 0
  for (let lines = 0; lines < 10_000; lines += 1) {
    const line = await talker.line().catch(() => undefined)
    if (line === undefined) break
    last = Number(line)
  }
  return last
}

describeWith('perl', 'processes', () => {
  it.each([
    [['lazy', 'lazy'], 'new'],
    [['read-old', 'read-old'], 'new'],
    [['dual', 'dual', 'old'], 'old'],
    [['dual', 'lazy'], 'new'],
  ])(
    'of modes %j count without losing an update',
    async (modes, last) => {
      const { worker } = places()
      const workers = await Promise.all(modes.map(worker))
      for (const each of workers) each.say(`count ${ID} 50`)
      for (const each of workers) expect(await each.line()).toBe('counted')

      const reader = await worker(last)
      reader.say(`run ${ID}`)
      expect(await reader.line()).toBe(String(workers.length * 50 + 1))
      reader.kill()
    },
    60_000,
  )

  it.each(['lazy', 'dual', 'read-old'])(
    'that are killed lose nothing that was stored: mode %s',
    async (mode) => {
      const { worker, oldFile } = places()
      let stored = 0
      for (let round = 0; round < 12; round += 1) {
        // Between, mode dual brings nothing back to the old side, and keeps what is there.
        const running = await worker(mode === 'lazy' && round % 3 === 1 ? 'dual' : mode)
        running.say(`run ${ID}`)
        let said = stored
        for (let lines = 0; lines <= round % 4; lines += 1) {
          const next = Number(await running.line())
          // What was under way when the last process was killed may have been stored.
          expect([said + 1, said + 2]).toContain(next)
          said = next
        }
        running.kill()
        await running.ended
        stored = Math.max(said, await lastLineOf(running))
      }
      if (mode === 'lazy') expect(existsSync(oldFile)).toBe(false)
      else expect(Number(readFileSync(oldFile, 'utf8'))).toBeGreaterThanOrEqual(0)
    },
    120_000,
  )
})
