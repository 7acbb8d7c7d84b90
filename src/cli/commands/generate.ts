/** `sessionz generate` */
import { command, type Task } from '../command.js'
import { integerOf, PLACE_FLAGS, textOf } from '../flags.js'
import { openPlace } from '../place-open.js'
import { EXIT, UsageError } from '../problems.js'
import { breather } from '../sessions.js'
import { sessions } from '../units.js'

export const generate = command({
  name: 'generate',
  summary: 'Makes dummy sessions, to try something out',
  words: '<count>',
  counts: [1, 1],
  details: [
    '--expires is a date, or seconds from now: --expires=-60 makes sessions that are over.',
    'Redis and Memcached give every new session its whole lifetime, whatever is said here.',
  ],
  flags: {
    expires: { value: 'when', text: 'when they are over (default: the lifetime from now on)' },
    bytes: { value: 'n', text: 'so many characters of filling in each (default: 0)' },
    ...PLACE_FLAGS,
  },
  async run(task) {
    const { given, words, io, out } = task
    const [wanted = ''] = words
    if (!/^\d+$/.test(wanted)) throw new UsageError('the count must be an integer from 0 on')
    const filling = 'x'.repeat(integerOf(given, 'bytes', 0) ?? 0)
    const place = await openPlace(given, io, { create: true })
    task.atEnd(place.close)
    const expires = textOf(given, 'expires')
    // A session is over its lifetime after its last use: the clock says when that was.
    const now = expires === undefined ? place.now : lastUse(expires, place)
    const manager = place.manager({ now })
    const made = await make(task, Number(wanted), async (number) => {
      const session = manager.startNew()
      Object.assign(session.data, { dummy: true, number }, filling && { filling })
      await session.commit()
    })
    await out.line(`${sessions(made)} made`)
    return EXIT.ok
  },
})

async function make(
  { io, progress }: Task,
  wanted: number,
  one: (number: number) => Promise<void>,
): Promise<number> {
  const bar = await progress('generate', () => wanted)
  const breath = breather()
  let made = 0
  while (made < wanted && !io.signal.aborted) {
    await one(made + 1)
    made += 1
    bar.step()
    await breath()
  }
  bar.end()
  return made
}

function lastUse(
  expires: string,
  { now, maxLifetime }: { now: () => number; maxLifetime: number },
): () => number {
  const endMs = /^[+-]?\d+$/.test(expires) ? now() + Number(expires) * 1000 : Date.parse(expires)
  if (Number.isNaN(endMs)) throw new UsageError('--expires must be a date or seconds from now')
  const usedMs = endMs - maxLifetime * 1000
  return () => usedMs
}
