/** Sessions that are used in the moment in which gc would take them: THREATS T51. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { Chain, SessionHandler } from '../../src/handler.js'
import { filesHandler } from '../../src/handlers/files.js'
import { temporaryFolder } from '../helpers/folders.js'
import { HANDLER_KINDS, type HandlerKind, type KindInUse } from '../helpers/handler-kinds.js'
import { describeWith } from '../helpers/services.js'

/** A hundred thousand with `SESSIONZ_LONG=1`. */
const [ROUNDS, SESSIONS] = process.env['SESSIONZ_LONG'] === '1' ? [125, 800] : [1, 250]
const LANES = 10
const LIFETIME = 1440
const STEP_MS = 1000
/** Each session was used a second after the one before it, and is used again in its last moment. */
const usedAt = (n: number) => 1_700_000_000_000 + n * STEP_MS
const lastMomentOf = (n: number) => usedAt(n) + LIFETIME * 1000
/** Whoever collects is ahead of those who use them by so much. */
const AHEAD_MS = 3000

const bytes = new Uint8Array(Buffer.from('n|i:1;'))
const at = (nowMs: number, fields: Parameters<typeof createContext>[0] = {}) =>
  createContext({ maxLifetime: LIFETIME, now: () => nowMs, lockWaitMs: 60_000, ...fields })

/** Several at a time, in order. */
async function each(work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < SESSIONS) await work(next++)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** As a request that only reads does. @returns Whether it found the session, and kept it. */
async function use(chain: Chain, id: string, nowMs: number): Promise<boolean> {
  const context = at(nowMs, { id })
  try {
    await chain.open(context)
    if ((await chain.read(id, context)) === undefined) return false
    return await chain.updateTimestamp(id, bytes, context)
  } finally {
    await chain.close(context)
  }
}

/** @param make A chain of one process; of another one, when it is called again. */
async function race(make: () => SessionHandler[], round: number) {
  const handlers = [make(), make()]
  const [chain, other] = handlers.map(composeChain) as [Chain, Chain]
  const idOf = (n: number) => `${round}x${n}x`.padEnd(32, '0')
  await each(async (n) => {
    const context = at(usedAt(n), { id: idOf(n), isNew: true })
    await chain.open(context)
    expect(await chain.write(idOf(n), bytes, context)).toBe(true)
    await chain.close(context)
  })
  const kept: number[] = []
  let nowMs = lastMomentOf(0)
  let under = true
  const using = each(async (n) => {
    nowMs = lastMomentOf(n)
    if (await use(chain, idOf(n), nowMs)) kept.push(n)
  }).finally(() => void (under = false))
  let removed = 0
  const collect = async () =>
    void (removed += await other.gc(LIFETIME, at(nowMs + AHEAD_MS, { lock: 'none' })))
  while (under) {
    await collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await using
  await collect()
  let lost = 0
  for (const n of kept) {
    const context = at(nowMs, { id: idOf(n), lock: 'read', readOnly: true })
    await chain.open(context)
    if ((await chain.read(idOf(n), context)) === undefined) lost += 1
    await chain.close(context)
  }
  for (const handler of handlers.flat()) await handler.dispose?.()
  return { kept: kept.length, removed, lost }
}

function promises({ start }: Pick<HandlerKind, 'start'>): void {
  let kind: KindInUse
  beforeAll(async () => void (kind = await start()), 120_000)
  afterAll(() => kind.stop())

  it(
    `loses none of ${ROUNDS * SESSIONS} that are used meanwhile`,
    { timeout: 900_000 },
    async () => {
      const sums = { kept: 0, removed: 0 }
      for (let round = 0; round < ROUNDS; round += 1) {
        const { kept, removed, lost } = await race(await kind.make(), round)
        expect(lost).toBe(0)
        expect(kept + removed).toBe(SESSIONS)
        sums.kept += kept
        sums.removed += removed
      }
      console.log(`used meanwhile: ${JSON.stringify(sums)}`)
    },
  )
}

const UNDER_FLOCK: HandlerKind = {
  service: 'perl',
  tells: true,
  start: () =>
    Promise.resolve({
      stop: () => Promise.resolve(),
      make: () => {
        const savePath = temporaryFolder()
        return Promise.resolve(() => [filesHandler({ savePath })])
      },
    }),
}

const { memory, SQLite, PostgreSQL, MariaDB, "WordPress' options table": options } = HANDLER_KINDS
const KINDS = { memory, 'files under flock': UNDER_FLOCK, SQLite, PostgreSQL, MariaDB, options }

for (const [name, kind] of Object.entries(KINDS)) {
  if (kind === undefined) throw new Error(`there is no ${name}`)
  const title = `gc of sessions in ${name}`
  if (kind.service === undefined) describe(title, () => promises(kind))
  else describeWith(kind.service, title, () => promises(kind))
}
