/** `sessionz check` */
import { command, type Task } from '../command.js'
import { BATCH_FLAGS, IDS_FLAG, integerOf, isGiven, JSON_FLAG, LOCK_FLAG, PLACE_FLAGS } from '../flags.js' // prettier-ignore
import { errorCode } from '../../lib/fs-error.js'
import type { Place } from '../place.js'
import { EXIT, reasonOf } from '../problems.js'
import { eachSession, expectedOf, listed, listOf, payloadOf, type Named } from '../sessions.js'
import { count, sessions, shownId } from '../units.js'

export const check = command({
  name: 'check',
  summary: 'Reads every session and names those that cannot be read',
  words: '',
  counts: [0, 0],
  details: ['Exit code 1 when there are any, or when one stays in use. Nothing is changed.'],
  flags: { ...BATCH_FLAGS, ...LOCK_FLAG, ...IDS_FLAG, ...JSON_FLAG, ...PLACE_FLAGS },
  async run(task) {
    const { given, io, out, progress } = task
    const where = await task.place()
    const limit = integerOf(given, 'limit', 0)
    const bar = await progress('check', () => limit ?? expectedOf(where, true))
    const walk = { signal: io.signal, batch: integerOf(given, 'batch', 1), limit }
    const found = { read: 0, bad: 0, busy: 0 }
    await eachSession(listOf(where, true), walk, async (info) => {
      const error = await faultOf(where, listed(info))
      if (error === undefined) found.read += 1
      else {
        found[isBusy(error) ? 'busy' : 'bad'] += 1
        bar.clear()
        await tell(task, info.id, error)
      }
      bar.step()
    })
    bar.end()
    const { read, bad, busy } = found
    const more = busy === 0 ? '' : `, ${count(busy)} in use`
    if (!isGiven(given, 'json')) {
      await out.line(`${sessions(read)} read, ${count(bad)} unreadable${more}`)
    }
    return bad + busy === 0 ? EXIT.ok : EXIT.problem
  },
})

function isBusy(error: unknown): boolean {
  return errorCode(error) === 'ERR_SESSION_LOCK_TIMEOUT'
}

/** What is wrong with a session; one that has gone meanwhile is fine. */
async function faultOf(place: Place, session: Named): Promise<unknown> {
  try {
    const payload = await payloadOf(place, session)
    if (payload !== undefined) place.serializer.decode(payload)
    return undefined
  } catch (error) {
    return error
  }
}

async function tell({ given, out }: Task, id: string, error: unknown): Promise<void> {
  const shown = shownId(id, isGiven(given, 'full-ids'))
  const code = errorCode(error)
  const reason = reasonOf(error)
  if (isGiven(given, 'json')) await out.line(JSON.stringify({ id: shown, code, reason }))
  else await out.line(`${shown}  ${reason}`)
  await out.flush()
}
