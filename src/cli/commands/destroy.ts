/** `sessionz destroy` */
import { command, type Task } from '../command.js'
import { BATCH_FLAGS, integerOf, isGiven, LOCK_FLAG, PLACE_FLAGS } from '../flags.js'
import { EXIT, Problem, reasonOf, UsageError } from '../problems.js'
import type { Place } from '../place.js'
import {
  countOf,
  eachSession,
  expectedOf,
  expiredOf,
  findId,
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
    ...BATCH_FLAGS,
    ...LOCK_FLAG,
    ...PLACE_FLAGS,
  },
  async run(task) {
    const [word] = task.words
    const ways = [word !== undefined, isGiven(task.given, 'all'), isGiven(task.given, 'expired')]
    if (ways.filter(Boolean).length !== 1) {
      throw new UsageError('give one of: an id, --all, --expired')
    }
    const where = await task.place()
    if (word === undefined) return destroyMany(task, where)
    if (!(await removeSession(where, await findId(where, word)))) {
      throw new Problem('the session has gone meanwhile')
    }
    return EXIT.ok
  },
})

async function destroyMany(task: Task, place: Place): Promise<number> {
  const { given, io, out, note } = task
  const expiredOnly = isGiven(given, 'expired')
  const limit = integerOf(given, 'limit', 0)
  const bar = await task.progress('destroy', () => expected(place, expiredOnly, limit))
  const walk = { signal: io.signal, batch: integerOf(given, 'batch', 1), limit }
  const done = { destroyed: 0, failed: 0 }
  const list = expiredOnly ? expiredOf(place) : listOf(place, true)
  await eachSession(list, walk, async ({ id }) => {
    try {
      if (await removeSession(place, id, expiredOnly)) done.destroyed += 1
    } catch (error) {
      done.failed += 1
      note(`${named(id)}  ${reasonOf(error)}`)
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
