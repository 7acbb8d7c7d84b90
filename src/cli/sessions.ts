/**
 * What commands do with the sessions of a place: find, list, take, remove.
 *
 * @module
 */
import type { Activation } from '../context.js'
import type { SessionContext, SessionInfo } from '../handler.js'
import { isValidId } from '../id/validate.js'
import { turn } from '../lib/slices.js'
import type { Place } from './place.js'
import { Problem } from './problems.js'
import { shownId } from './units.js'

/** A clock at which nothing has expired yet: so what is over and not yet collected is there, too. */
const BEFORE_ALL = { now: () => 0 }

/** The sessions of a place. @throws {Problem} When it cannot list. */
export function listOf(place: Place, expiredToo: boolean): AsyncIterable<SessionInfo> {
  const { list } = place.chain
  if (list === undefined) throw new Problem('this chain of handlers cannot list its sessions')
  return list(place.context(expiredToo ? BEFORE_ALL : {}))
}

/** Those that are over and not collected yet. @throws {Problem} When the place cannot list. */
export async function* expiredOf(place: Place): AsyncGenerator<SessionInfo> {
  const breath = breather()
  for await (const info of listOf(place, true)) {
    await breath()
    if (!(await has(place, listed(info)))) yield info
  }
}

/** How many there are. @throws {Problem} When the place cannot count. */
export async function countOf(place: Place, expiredToo: boolean): Promise<number> {
  const { count } = place.chain
  if (count !== undefined) return count(place.context(expiredToo ? BEFORE_ALL : {}))
  let counted = 0
  for await (const _ of listOf(place, expiredToo)) counted += 1
  return counted
}

/** How many there are; `undefined` where only a walk would tell. */
export async function expectedOf(place: Place, expiredToo: boolean): Promise<number | undefined> {
  return place.chain.count === undefined ? undefined : countOf(place, expiredToo)
}

/** Shorter beginnings say too little. */
const SHORTEST = 4

/**
 * One session: by its id, or as a list named it. Where a layer changes ids these are two names; where
 * none does they are the same.
 */
export interface Named {
  readonly id: string
  readonly listed: boolean
  readonly owner?: string | undefined
}

/** A session of a list. */
export function listed({ id, owner }: SessionInfo): Named {
  return { id, owner, listed: true }
}

/** What an activation is told of it, but the owner. */
export function naming({ id, listed }: Named): Pick<SessionContext, 'id' | 'listed'> {
  return { id, listed }
}

/**
 * The session that the user means: by a whole id, or the beginning of just one, as lists print it.
 *
 * @throws {Problem} For none, and for the beginning of several.
 */
export async function findSession(place: Place, word: string): Promise<Named> {
  const given = word.replace(/(?:…|\.\.\.)$/, '')
  if (!isValidId(given)) throw new Problem('not an id: use characters of A-Z a-z 0-9 , -')
  const exact = { id: given, listed: false }
  if (word === given && (await has(place, exact, BEFORE_ALL))) return exact
  if (given.length < SHORTEST || place.chain.list === undefined) throw new Problem(NONE)
  const found: Named[] = []
  for await (const info of listOf(place, true)) {
    if (info.id.startsWith(given)) found.push(listed(info))
  }
  if (found.length > 1) throw new Problem(`${found.length} sessions begin so: give more of the id`)
  return found[0] ?? none()
}

const NONE = 'there is no such session'

function none(): Named {
  throw new Problem(NONE)
}

/** What a list tells of one session; `undefined` where there is no list. */
export async function infoOf(place: Place, id: string): Promise<SessionInfo | undefined> {
  if (place.chain.list === undefined) return undefined
  for await (const info of listOf(place, true)) if (info.id === id) return info
  return undefined
}

/** Whether storage knows an id, at the time of the fields. */
export async function has(
  place: Place,
  { id, listed }: Named,
  fields: Partial<SessionContext> = {},
): Promise<boolean> {
  const { validateId } = place.chain
  const context = place.context({ listed, ...fields })
  if (validateId !== undefined) return validateId(id, context)
  return (await place.chain.read(id, context)) !== undefined
}

/** Runs a body in an activation of one session, from open to close. */
export async function within<T>(
  place: Place,
  fields: Partial<SessionContext>,
  body: (context: Activation) => Promise<T>,
): Promise<T> {
  const context = place.context(fields)
  try {
    await place.chain.open(context)
    return await body(context)
  } finally {
    await place.chain.close(context)
  }
}

/** The stored bytes, expired or not; read under the lock as far as a whole read needs it. */
export async function payloadOf(place: Place, session: Named): Promise<Uint8Array | undefined> {
  const fields = { ...naming(session), lock: 'read', readOnly: true, ...BEFORE_ALL } as const
  return within(place, fields, async (context) => place.chain.read(session.id, context))
}

/**
 * Removes a session under its lock.
 *
 * @param expiredOnly Leaves it when it is in use again.
 * @returns Whether there was one.
 */
export async function removeSession(
  place: Place,
  session: Named,
  expiredOnly = false,
): Promise<boolean> {
  const { id, owner } = session
  const ownership = owner === undefined ? undefined : { owner: undefined, former: owner }
  const fields = { ...naming(session), ownership, lock: 'exclusive', ...BEFORE_ALL } as const
  return within(place, fields, async (context) => {
    if (expiredOnly && (await has(place, session))) return false
    return place.chain.destroy(id, context)
  })
}

/**
 * A clock for a record that is to be written anew without becoming younger: the time of its last
 * use. Somebody who used it since it was listed counts more: then it is the time of now.
 */
export async function clockOf(place: Place, info: SessionInfo): Promise<() => number> {
  // A moment at which it would be over if nobody had used it since.
  const overMs = info.touchedMs + (place.maxLifetime + 2) * 1000
  const used = await has(place, listed(info), { now: () => overMs })
  return used ? place.now : () => info.touchedMs
}

/** How a walk over sessions goes. */
export interface Walk {
  readonly signal: AbortSignal
  /** How many are taken from the list before the first of them is worked on. @default 1000 */
  readonly batch?: number | undefined
  /** How many are worked on at most. */
  readonly limit?: number | undefined
}

const BATCH = 1000
/** Sessions worked on at the same time: stores are mostly waited for. */
const WORKERS = 8
/** So long work may go on before signals, timers and others have their turn. */
const BREATH_MS = 20

/**
 * Works on sessions of a list, batch after batch. It ends after those in hand when the signal is
 * aborted.
 */
export async function eachSession(
  list: AsyncIterable<SessionInfo>,
  { signal, batch = BATCH, limit = Infinity }: Walk,
  work: (info: SessionInfo) => Promise<void>,
): Promise<void> {
  let waiting: SessionInfo[] = []
  let taken = 0
  if (limit === 0) return
  for await (const info of list) {
    if (signal.aborted) return
    waiting.push(info)
    taken += 1
    if (waiting.length >= batch || taken >= limit) {
      await inParallel(waiting, signal, work)
      waiting = []
    }
    if (taken >= limit) return
  }
  await inParallel(waiting, signal, work)
}

async function inParallel(
  infos: readonly SessionInfo[],
  signal: AbortSignal,
  work: (info: SessionInfo) => Promise<void>,
): Promise<void> {
  const queue = infos.values()
  const breath = breather()
  const worker = async () => {
    for (const info of queue) {
      await breath()
      if (signal.aborted) return
      await work(info)
    }
  }
  const results = await Promise.allSettled(Array.from({ length: WORKERS }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Gives everything else a turn now and then: work over a synchronous store never waits by itself. */
export function breather(): () => Promise<void> {
  let sinceMs = performance.now()
  return async () => {
    if (performance.now() - sinceMs < BREATH_MS) return
    await turn()
    sinceMs = performance.now()
  }
}

/** Names a session in a message. */
export function named(id: string): string {
  return shownId(id, false)
}
