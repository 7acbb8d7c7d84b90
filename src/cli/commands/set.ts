/** `sessionz set` */
import { command, type Given } from '../command.js'
import { isGiven, LOCK_FLAG, PLACE_FLAGS } from '../flags.js'
import { EXIT, Problem, UsageError } from '../problems.js'
import { findSession } from '../sessions.js'
import { fromJson } from '../value-json.js'

export const set = command({
  name: 'set',
  summary: 'Changes a variable of a session, under its lock',
  words: '<id> <key> [value]',
  counts: [2, 3],
  details: [
    'A value that is JSON is that value, any other one is text. A value that begins with - follows after --.',
  ],
  flags: {
    text: { text: 'take the value as text, also where it is JSON' },
    delete: { text: 'remove the variable' },
    ...LOCK_FLAG,
    ...PLACE_FLAGS,
  },
  async run({ given, words, place }) {
    const [word, key, value] = words as [string, string, string | undefined]
    if (isGiven(given, 'delete') !== (value === undefined)) {
      throw new UsageError('give a value, or --delete')
    }
    const where = await place()
    const { id, listed } = await findSession(where, word)
    if (listed && where.renames) throw new Problem('ids are hashed here: give the whole id')
    const session = await where.manager().start({ id })
    try {
      if (session.isNew) throw new Problem('the session is over')
      if (value !== undefined) session.set(key, valueOf(value, given))
      else if (!session.delete(key)) throw new Problem('there is no such variable')
      await session.commit()
    } finally {
      await session.abort()
    }
    return EXIT.ok
  },
})

function valueOf(text: string, given: Given): unknown {
  if (isGiven(given, 'text')) return text
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  return fromJson(value)
}
