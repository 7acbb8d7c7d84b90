/** `sessionz destroy` */
import { command, type Task } from '../command.js'
import { BATCH_FLAGS, integerOf, isGiven, LOCK_FLAG, PLACE_FLAGS, textOf } from '../flags.js'
import { EXIT, Problem, reasonOf, UsageError } from '../problems.js'
import type { SessionInfo } from '../../handler.js'
import type { Place } from '../place.js'
import type { Progress } from '../progress.js'
import {
  countOf,
  eachSession,
  expectedOf,
  expiredOf,
  findSession,
  listed,
  listOf,
  named,
  removeSession,
} from '../sessions.js'
import { sessions } from '../units.js'

export const destroy = command({
  name: 'destroy',
  summary: 'Destroys sessions, each under its lock',
  words: '[id]',
  counts: [0, 1],
  details: ['Whoever uses one of them is logged out. Give an id or what to destroy.'],
  flags: {
    all: { text: 'all sessions' },
    expired: { text: 'those that are over and not collected yet' },
    owner: { value: 'name', text: 'those of this owner: log out everywhere' },
    ...BATCH_FLAGS,
    ...LOCK_FLAG,
    ...PLACE_FLAGS,
  },
  async run(task) {
    const [word] = task.words
    const flags = ['all', 'expired', 'owner'].filter((flag) => isGiven(task.given, flag))
    if (flags.length + task.words.length !== 1) {
      throw new UsageError('give one of: an id, --all, --expired, --owner')
    }
    const owner = textOf(task.given, 'owner')
    const where = await task.place()
    if (owner !== undefined) return destroyOwned(task, where, owner)
    if (word === undefined) return destroyMany(task, where)
    if (!(await removeSession(where, await findSession(where, word)))) {
      throw new Problem('the session has gone meanwhile')
    }
    return EXIT.ok
  },
})

/** At once, or in a walk; who got a new id during a whole walk is found at its end. */
async function destroyOwned(task: Task, place: Place, owner: string): Promise<number> {
  const { given, io, out } = task
  const manager = place.manager()
  const done = { destroyed: 0, failed: 0 }
  const limit = integerOf(given, 'limit', 0)
  if (limit !== undefined || given['batch'] !== undefined) {
    const bar = await task.progress('destroy', () => limit)
    await destroyEach(task, place, { list: manager.listByOwner(owner), bar, done })
  }
  if (limit === undefined && done.failed === 0 && !io.signal.aborted) {
    done.destroyed += await manager.destroyByOwner(owner)
  }
  await out.line(`${sessions(done.destroyed)} destroyed`)
  return done.failed === 0 ? EXIT.ok : EXIT.problem
}

async function destroyMany(task: Task, place: Place): Promise<number> {
  const { given, out } = task
  const expiredOnly = isGiven(given, 'expired')
  const limit = integerOf(given, 'limit', 0)
  const bar = await task.progress('destroy', () => expected(place, expiredOnly, limit))
  const list = expiredOnly ? expiredOf(place) : listOf(place, true)
  const done = { destroyed: 0, failed: 0 }
  await destroyEach(task, place, { list, bar, done })
  await out.line(`${sessions(done.destroyed)} destroyed`)
  return done.failed === 0 ? EXIT.ok : EXIT.problem
}

interface Work {
  readonly list: AsyncIterable<SessionInfo>
  readonly bar: Progress
  readonly done: { destroyed: number; failed: number }
}

/** What cannot be destroyed is named, and hinders no other. */
async function destroyEach(
  { given, io, note }: Task,
  place: Place,
  { list, bar, done }: Work,
): Promise<void> {
  const batch = integerOf(given, 'batch', 1)
  const walk = { signal: io.signal, batch, limit: integerOf(given, 'limit', 0) }
  await eachSession(list, walk, async (info) => {
    try {
      const expiredOnly = isGiven(given, 'expired')
      if (await removeSession(place, listed(info), expiredOnly)) done.destroyed += 1
    } catch (error) {
      done.failed += 1
      note(`${named(info.id)}  ${reasonOf(error)}`)
    }
    bar.step()
  })
  bar.end()
}

async function expected(
  place: Place,
  expiredOnly: boolean,
  limit = Infinity,
): Promise<number | undefined> {
  const all = await expectedOf(place, true)
  if (all === undefined) return limit === Infinity ? undefined : limit
  return Math.min(limit, expiredOnly ? all - (await countOf(place, false)) : all)
}
