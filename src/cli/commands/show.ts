/** `sessionz show` */
import { command, type Given, type Task } from '../command.js'
import { readAs, readAsAny, type Reading } from '../formats.js'
import { IDS_FLAG, isGiven, JSON_FLAG, PLACE_FLAGS, textOf } from '../flags.js'
import type { SessionInfo } from '../../handler.js'
import type { Place } from '../place.js'
import { EXIT, Problem } from '../problems.js'
import { findSession, has, infoOf, payloadOf, type Named } from '../sessions.js'
import { bytes, duration, harmless, shownId } from '../units.js'
import { toJson } from '../value-json.js'
import { variablesText } from '../value-text.js'

export const show = command({
  name: 'show',
  summary: 'Shows what is in a session',
  words: '<id>',
  counts: [1, 1],
  details: [
    'The beginning of an id is enough, as lists print it. An id that begins with - follows after --.',
    'Without --serializer the format is guessed if it is not that of the place.',
  ],
  flags: {
    raw: { text: 'print the stored bytes, opened where they are encrypted' },
    ...IDS_FLAG,
    ...JSON_FLAG,
    ...PLACE_FLAGS,
  },
  async run(task) {
    const { given, words, out } = task
    const where = await task.place()
    const session = await findSession(where, words[0] as string)
    const payload = await payloadOf(where, session)
    if (payload === undefined) throw new Problem('the session has gone meanwhile')
    if (isGiven(given, 'raw')) await out.bytes(payload)
    else await print(task, where, { session, payload })
    return EXIT.ok
  },
})

interface Found {
  readonly session: Named
  readonly payload: Uint8Array
}

async function print(
  { given, out }: Task,
  place: Place,
  { session, payload }: Found,
): Promise<void> {
  const { format, data } = read(place, payload, given)
  const { id } = session
  const info = await infoOf(place, id)
  const facts = {
    id: shownId(id, isGiven(given, 'full-ids')),
    touched: info && new Date(info.touchedMs).toISOString(),
    live: await has(place, session),
    owner: info?.owner,
    bytes: payload.length,
    format,
  }
  if (isGiven(given, 'json')) {
    await out.line(JSON.stringify({ ...facts, data: toJson(data) }))
    return
  }
  for (const [name, value] of Object.entries(factsText(facts, place, info))) {
    if (value !== undefined) await out.line(`${name.padEnd(8)}${value}`)
  }
  await out.line('')
  await out.line(variablesText(data))
}

interface Facts {
  readonly id: string
  readonly live: boolean
  readonly owner: string | undefined
  readonly bytes: number
  readonly format: string
}

function factsText(facts: Facts, { now, maxLifetime }: Place, info: SessionInfo | undefined) {
  const age = info && Math.max(0, now() - info.touchedMs) / 1000
  const left = age === undefined || !facts.live ? '' : `, over in ${duration(maxLifetime - age)}`
  const state = facts.live ? `live${left}` : 'over, not collected yet'
  return {
    id: facts.id,
    age: age === undefined ? undefined : duration(age),
    state,
    owner: facts.owner === undefined ? undefined : harmless(facts.owner),
    size: bytes(facts.bytes),
    format: facts.format,
  }
}

/** In the format of the place; another one is found out unless the user has said which it is. */
function read({ serializer }: Place, payload: Uint8Array, given: Given): Reading {
  try {
    return readAs(serializer, payload)
  } catch (error) {
    if (textOf(given, 'serializer') !== undefined) throw error
    return readAsAny(payload)
  }
}
