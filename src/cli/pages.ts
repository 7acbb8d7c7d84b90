/**
 * Pages of a list, in any order, in bounded memory: a long sorted list is kept in columns; one that is
 * too long for that is made of walks over the whole, each of which keeps the next part of it.
 *
 * @module
 */
import type { SessionInfo } from '../handler.js'
import type { Place } from './place.js'
import { Problem } from './problems.js'
import { createRows, type Rows } from './rows.js'
import { breather, listOf } from './sessions.js'

export const SORTS = ['age', 'size', 'id'] as const

export type Sort = (typeof SORTS)[number]

/** Which part of the list is wanted. */
export interface Wish {
  /** `undefined` is all. */
  readonly limit: number | undefined
  readonly skip: number
  /** An id, or the beginning of one: the page begins behind it. */
  readonly after: string | undefined
  readonly sort: Sort | undefined
  readonly reverse: boolean
  readonly expiredToo: boolean
  readonly owner: string | undefined
}

/** So many sessions of a sorted list are kept at a time, whole. */
const PART = 50_000
/** And so many in columns. */
const MOST = 1_000_000

/** What orders look at. */
interface Reader<T> {
  touchedMs(one: T): number
  bytes(one: T): number
  compareIds(a: T, b: T): number
}

type Order<T = SessionInfo> = (a: T, b: T) => number

const INFO: Reader<SessionInfo> = {
  touchedMs: (info) => info.touchedMs,
  bytes: (info) => info.bytes,
  compareIds: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
}

/** The longest unused and the largest first; equal ones in the order of their ids. */
function orderOf<T>(of: Reader<T>, { sort, reverse }: Wish): Order<T> {
  const { touchedMs, bytes, compareIds } = of
  const orders: Record<Sort, Order<T>> = {
    age: (a, b) => touchedMs(a) - touchedMs(b) || compareIds(a, b),
    size: (a, b) => bytes(b) - bytes(a) || compareIds(a, b),
    id: compareIds,
  }
  const forward = orders[sort ?? 'id']
  return reverse ? (a, b) => forward(b, a) : forward
}

/** How a list is walked through. */
export interface Bounds {
  readonly signal: AbortSignal
  /** How many sessions are kept whole, and how many in columns. */
  readonly part?: number
  readonly most?: number
}

/**
 * The sessions of a page, then `'more'` where others follow.
 *
 * @throws {Problem} When there is no session to begin behind.
 */
export async function* pageOf(
  place: Place,
  wish: Wish,
  bounds: Bounds,
): AsyncGenerator<SessionInfo | 'more'> {
  const { limit = Infinity, skip } = wish
  const breath = breather()
  let index = 0
  for await (const info of following(place, wish, bounds)) {
    await breath()
    if (bounds.signal.aborted) return
    if (index >= skip + limit) {
      yield 'more'
      return
    }
    if (index >= skip) yield info
    index += 1
  }
}

async function* following(
  place: Place,
  wish: Wish,
  { signal, part = PART, most = MOST }: Bounds,
): AsyncGenerator<SessionInfo> {
  const { sort, after } = wish
  if (sort === undefined) return yield* behind(wished(place, wish), after)
  const last = after === undefined ? undefined : await find(place, after)
  const needed = wish.skip + (wish.limit ?? Infinity) + 1
  if (needed > part) {
    const rows = createRows(most)
    const isAll = await collect(place, wish, { rows, most, last, signal })
    if (isAll) return yield* sorted(rows, wish)
  }
  yield* inParts(place, wish, { last, part: Math.min(part, needed) })
}

interface Collection {
  readonly rows: Rows
  readonly most: number
  readonly last: SessionInfo | undefined
  readonly signal: AbortSignal
}

/** @returns Whether there was room for all of them. */
async function collect(
  place: Place,
  wish: Wish,
  { rows, most, last, signal }: Collection,
): Promise<boolean> {
  const order = orderOf(INFO, wish)
  const breath = breather()
  for await (const info of wished(place, wish)) {
    await breath()
    if (signal.aborted) break
    if (last !== undefined && order(info, last) <= 0) continue
    if (rows.length === most) return false
    rows.add(info)
  }
  return true
}

function* sorted(rows: Rows, wish: Wish): Generator<SessionInfo> {
  const order = Uint32Array.from({ length: rows.length }, (_, row) => row)
  for (const row of order.sort(orderOf(rows, wish))) yield rows.at(row)
}

async function* inParts(
  place: Place,
  wish: Wish,
  { last: before, part }: { last: SessionInfo | undefined; part: number },
): AsyncGenerator<SessionInfo> {
  const order = orderOf(INFO, wish)
  let last = before
  for (;;) {
    const next = await nextPart(wished(place, wish), { order, last, part })
    yield* next
    last = next.at(-1)
    if (next.length < part) return
  }
}

/** All sessions, or those of an owner: the store finds them without a walk. */
function wished(place: Place, { owner, expiredToo }: Wish): AsyncIterable<SessionInfo> {
  return owner === undefined ? listOf(place, expiredToo) : place.manager().listByOwner(owner)
}

/** What comes behind a session, in the order of the list. */
async function* behind(
  list: AsyncIterable<SessionInfo>,
  after: string | undefined,
): AsyncGenerator<SessionInfo> {
  const mark = after === undefined ? '' : beginning(after)
  let passed = mark === ''
  for await (const info of list) {
    if (passed) yield info
    else passed = info.id.startsWith(mark)
  }
  if (!passed) throw new Problem('there is no session to begin behind')
}

async function find(place: Place, after: string): Promise<SessionInfo> {
  const mark = beginning(after)
  for await (const info of listOf(place, true)) if (info.id.startsWith(mark)) return info
  throw new Problem('there is no session to begin behind')
}

function beginning(word: string): string {
  return word.replace(/(?:…|\.\.\.)$/, '')
}

interface Part {
  readonly order: Order
  /** The last one of the part before. */
  readonly last: SessionInfo | undefined
  readonly part: number
}

/** The first so many behind the last one. Twice as many are kept, so that sorting is rare. */
async function nextPart(
  list: AsyncIterable<SessionInfo>,
  { order, last, part }: Part,
): Promise<SessionInfo[]> {
  const kept: SessionInfo[] = []
  const breath = breather()
  let worst: SessionInfo | undefined
  for await (const info of list) {
    await breath()
    if (last !== undefined && order(info, last) <= 0) continue
    if (worst !== undefined && order(info, worst) >= 0) continue
    kept.push(info)
    if (kept.length < 2 * part) continue
    kept.sort(order)
    kept.length = part
    worst = kept[part - 1]
  }
  return kept.sort(order).slice(0, part)
}
