/** `sessionz destroy` */
import { command, type Task } from '../command.js'
import { BATCH_FLAGS, integerOf, isGiven, LOCK_FLAG, PLACE_FLAGS, textOf } from '../flags.js'
import { EXIT, Problem, reasonOf, UsageError } from '../problems.js'
import type { Place } from '../place.js'
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

async function destroyOwned({ given, out }: Task, place: Place, owner: string): Promise<number> {
  if (given['limit'] !== undefined || given['batch'] !== undefined) {
    throw new UsageError('--owner goes without --limit and --batch')
  }
  await out.line(`${sessions(await place.manager().destroyByOwner(owner))} destroyed`)
  return EXIT.ok
}

async function destroyMany(task: Task, place: Place): Promise<number> {
  const { given, io, out, note } = task
  const expiredOnly = isGiven(given, 'expired')
  const limit = integerOf(given, 'limit', 0)
  const bar = await task.progress('destroy', () => expected(place, expiredOnly, limit))
  const walk = { signal: io.signal, batch: integerOf(given, 'batch', 1), limit }
  const done = { destroyed: 0, failed: 0 }
  const list = expiredOnly ? expiredOf(place) : listOf(place, true)
  await eachSession(list, walk, async (info) => {
    try {
      if (await removeSession(place, listed(info), expiredOnly)) done.destroyed += 1
    } catch (error) {
      done.failed += 1
      note(`${named(info.id)}  ${reasonOf(error)}`)
    }
    bar.step()
  })
  bar.end()
  await out.line(`${sessions(done.destroyed)} destroyed`)
  return done.failed === 0 ? EXIT.ok : EXIT.problem
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
