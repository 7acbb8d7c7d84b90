/** `sessionz gc` */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { command } from '../command.js'
import type { SessionEvents } from '../../events.js'
import { isGiven, JSON_FLAG, PLACE_FLAGS } from '../flags.js'
import type { Place } from '../place.js'
import { EXIT } from '../problems.js'
import type { Progress } from '../progress.js'
import { countOf, expectedOf } from '../sessions.js'
import { sessions } from '../units.js'

export const gc = command({
  name: 'gc',
  summary: 'Removes the sessions that are over',
  words: '',
  counts: [0, 0],
  details: ['What is in use stays. An interrupted run has removed what it had removed until then.'],
  flags: { ...JSON_FLAG, ...PLACE_FLAGS },
  async run({ given, io, out, place, progress }) {
    const where = await place()
    const bar = await progress('gc', () => expiredIn(where))
    const removed = await watched(bar, async () => {
      const context = where.context({ signal: io.signal })
      return where.chain.gc(where.maxLifetime, context)
    })
    bar.end()
    await out.line(
      isGiven(given, 'json') ? JSON.stringify({ removed }) : `${sessions(removed)} removed`,
    )
    return EXIT.ok
  },
})

async function expiredIn(place: Place): Promise<number | undefined> {
  const all = await expectedOf(place, true)
  return all === undefined ? undefined : all - (await countOf(place, false))
}

async function watched<T>(bar: Progress, work: () => Promise<T>): Promise<T> {
  const step = (message: unknown) =>
    bar.step((message as SessionEvents['sessionz:gc-progress']).removed)
  subscribe('sessionz:gc-progress', step)
  try {
    return await work()
  } finally {
    unsubscribe('sessionz:gc-progress', step)
  }
}
