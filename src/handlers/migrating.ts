/**
 * Moves sessions from one place to another while they are used, so that nobody is logged out.
 *
 * @module
 */
import { StateError } from '../errors.js'
import type { Payload, SessionContext, SessionHandler, SessionInfo } from '../handler.js'
import { assertKnownKeys, assertOneOf } from '../lib/check.js'
import { dualMode } from './migrating-dual.js'
import { lazyMode } from './migrating-lazy.js'
import {
  sideOf,
  sideVisits,
  type Job,
  type Mode,
  type Side,
  type Sides,
} from './migrating-sides.js'

/** What `migratingHandler` takes; unknown names are refused. */
export interface MigratingOptions {
  /** Where sessions are: handlers, outermost first, the last one stores. */
  from: readonly SessionHandler[]
  /** Where they are to be: likewise. Another place, also where only the ids' form changes. */
  to: readonly SessionHandler[]
  /**
   * - `dual`: both sides get every change; the old one counts, so processes that know it alone may
   *   run beside, and one can go back at any time
   * - `lazy`: a session moves when it is next written or touched; new ones are made on the new side
   * - `read-old`: likewise, but old records stay where they are and end there in their time
   */
  mode: 'lazy' | 'dual' | 'read-old'
}

const KNOWN = { from: true, to: true, mode: true } satisfies Record<keyof MigratingOptions, true>

const NAME = 'migrating'

/**
 * Makes a handler of two places for the time of a move. It stands innermost.
 *
 * An activation holds the locks of both sides, the old one's first. What is destroyed is destroyed on
 * both. New records are written before old ones go, so nothing is lost when the process ends between.
 *
 * @throws {TypeError | RangeError} For an unknown mode or option, or a side without handlers.
 */
export function migratingHandler(options: MigratingOptions): SessionHandler {
  const { from, to, mode } = resolve(options)
  const sides: Sides = { from: sideOf(from), to: sideOf(to), visits: sideVisits() }
  const work = MODES[mode](sides)
  const find = finder(sides, work)

  return {
    name: NAME,
    shared: [...from, ...to].some(({ shared }) => shared === true),
    ...activations(sides),
    read: async (id, context) => find.payload({ id, context }),
    write: async (id, payload, context) => work.write({ id, context }, payload),
    destroy: async (id, context) => destroy(sides, { id, context }),
    updateTimestamp: async (id, payload, context) => work.touch({ id, context }, payload),
    validateId: async (id, context) => find.isKnown({ id, context }),
    gc: async (maxLifetime, context) => work.gc(maxLifetime, context),
    ...creation(sides.to),
    ...administration(sides),
    async dispose() {
      for (const handler of new Set([...from, ...to])) await handler.dispose?.()
    },
  }
}

const MODES: Readonly<Record<MigratingOptions['mode'], (sides: Sides) => Mode>> = {
  dual: dualMode,
  lazy: (sides) => lazyMode(sides, false),
  'read-old': (sides) => lazyMode(sides, true),
}

/** The old side first: who knows that one alone is kept out, and so is who knows both. */
function activations({ from, to, visits }: Sides): Pick<SessionHandler, 'open' | 'close'> {
  return {
    async open(context) {
      const startedMs = performance.now()
      visits.begin(context)
      await from.chain.open(from.of(context))
      const inner = to.of(context)
      inner.lockWaitMs = Math.max(0, context.lockWaitMs - (performance.now() - startedMs))
      await to.chain.open(inner)
    },
    async close(context) {
      visits.end(context)
      try {
        await to.chain.close(to.of(context))
      } finally {
        await from.chain.close(from.of(context))
      }
    },
  }
}

interface Finder {
  payload(job: Job): Promise<Payload | undefined>
  isKnown(job: Job): Promise<boolean>
}

/** Asks one side after the other. */
function finder(sides: Sides, mode: Mode): Finder {
  const { from, to, visits } = sides
  const order = mode.first === 'to' ? [to, from] : [from, to]

  /** Where nobody is kept away, the record may have moved from the second side to the first between. */
  const sidesFor = (job: Job) => {
    const found = visits.where(job)
    if (found !== undefined) return [found]
    return visits.holds(job) || mode.first === 'from' ? order : [...order, to]
  }

  return {
    async payload(job) {
      for (const side of sidesFor(job)) {
        const payload = await side.chain.read(job.id, side.of(job.context))
        if (payload === undefined) continue
        visits.found(job, side)
        return payload
      }
      return undefined
    },
    async isKnown(job) {
      for (const side of sidesFor(job)) {
        if (!(await side.has(job.id, side.of(job.context)))) continue
        visits.found(job, side)
        return true
      }
      return false
    },
  }
}

/** The old side first: a move that is under way looks there last. */
async function destroy({ from, to }: Sides, { id, context }: Job): Promise<boolean> {
  const old = await from.chain.destroy(id, from.last(context))
  return (await to.chain.destroy(id, to.last(context))) || old
}

function creation({ chain, of }: Side): Pick<SessionHandler, 'createId'> {
  const { createId } = chain
  return createId === undefined ? {} : { createId: (context) => createId(of(context)) }
}

/** As far as both sides can. */
function administration(sides: Sides): Pick<SessionHandler, 'list' | 'count' | 'listByOwner'> {
  const { from, to } = sides
  const isOwned = from.chain.listByOwner !== undefined && to.chain.listByOwner !== undefined
  const owned: Pick<SessionHandler, 'listByOwner'> = isOwned
    ? { listByOwner: (owner, context) => listedByOwner(sides, owner, context) }
    : {}
  if (from.chain.list === undefined || to.chain.list === undefined) return owned
  return {
    ...owned,
    list: (context) => listed(sides, context),
    async count(context) {
      let count = 0
      for await (const _ of listed(sides, context)) count += 1
      return count
    },
  }
}

/**
 * The old side first, without what is on the new side as well; then the new side, without what moved
 * there meanwhile.
 */
async function* listed({ from, to }: Sides, context: SessionContext): AsyncIterable<SessionInfo> {
  const told = new Set<string>()
  for await (const info of list(from, context)) {
    const inner = Object.assign(to.beside(context, info.id), { listed: true })
    if (await to.has(info.id, inner)) continue
    told.add(info.id)
    yield info
  }
  for await (const info of list(to, context)) if (!told.has(info.id)) yield info
}

function list({ chain, of }: Side, context: SessionContext): AsyncIterable<SessionInfo> {
  if (chain.list === undefined) throw new StateError(`${NAME}: a side has no "list"`)
  return chain.list(of(context))
}

/** The old side first: what moves meanwhile is found on the new one. */
async function* listedByOwner(
  { from, to }: Sides,
  owner: string,
  context: SessionContext,
): AsyncIterable<SessionInfo> {
  const told = new Set<string>()
  for (const { chain, of } of [from, to]) {
    for await (const info of chain.listByOwner?.(owner, of(context)) ?? []) {
      if (told.has(info.id)) continue
      told.add(info.id)
      yield info
    }
  }
}

function resolve(options: MigratingOptions): MigratingOptions {
  assertKnownKeys(NAME, options, KNOWN)
  const { from, to, mode } = options
  assertOneOf('mode', mode, ['lazy', 'dual', 'read-old'])
  for (const [name, side] of Object.entries({ from, to })) {
    if (!Array.isArray(side)) throw new TypeError(`"${name}" must be a list of handlers`)
    if (side.length === 0) throw new RangeError(`"${name}" must hold at least one handler`)
  }
  return { from, to, mode }
}
