/** `sessionz rotate-keys` */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { command, type Task } from '../command.js'
import { BATCH_FLAGS, integerOf, LOCK_FLAG, PLACE_FLAGS } from '../flags.js'
import type { SessionInfo } from '../../handler.js'
import type { Place } from '../place.js'
import { EXIT, reasonOf } from '../problems.js'
import { clockOf, eachSession, expectedOf, listOf, named, within } from '../sessions.js'
import { count, sessions } from '../units.js'

export const rotateKeys = command({
  name: 'rotate-keys',
  summary: 'Seals with the current key what an older key or format has sealed',
  words: '',
  counts: [0, 0],
  details: [
    'The --config has the new key first and the older ones behind it. No session becomes younger by it.',
    'Once nothing is left to seal anew, the older keys can go.',
  ],
  flags: { ...BATCH_FLAGS, ...LOCK_FLAG, ...PLACE_FLAGS },
  async run(task) {
    const place = await task.place()
    let sealed = 0
    const step = () => void (sealed += 1)
    subscribe('sessionz:resealed', step)
    try {
      const { seen, failed } = await walk(task, place)
      await task.out.line(`${count(sealed)} of ${sessions(seen)} sealed anew`)
      return failed === 0 ? EXIT.ok : EXIT.problem
    } finally {
      unsubscribe('sessionz:resealed', step)
    }
  },
})

async function walk({ given, io, note, progress }: Task, place: Place) {
  const limit = integerOf(given, 'limit', 0)
  const bar = await progress('rotate-keys', () => limit ?? expectedOf(place, false))
  const done = { seen: 0, failed: 0 }
  const steps = { signal: io.signal, batch: integerOf(given, 'batch', 1), limit }
  await eachSession(listOf(place, false), steps, async (info) => {
    done.seen += 1
    try {
      await renew(place, info)
    } catch (error) {
      done.failed += 1
      note(`${named(info.id)}  ${reasonOf(error)}`)
    }
    bar.step()
  })
  bar.end()
  return done
}

/** Touches a session without making it younger: under the lock that seals it anew. */
async function renew(place: Place, info: SessionInfo): Promise<void> {
  const { id, owner } = info
  const ownership = owner === undefined ? undefined : { owner, former: owner }
  const fields = { id, listed: true, ownership, lock: 'exclusive' } as const
  await within(place, fields, async (context) => {
    const payload = await place.chain.read(id, context)
    if (payload === undefined) return
    context.now = await clockOf(place, info)
    await place.chain.updateTimestamp(id, payload, context)
  })
}
