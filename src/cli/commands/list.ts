/** `sessionz list` */
import { command, type Given, type Task } from '../command.js'
import { IDS_FLAG, integerOf, isGiven, JSON_FLAG, PLACE_FLAGS, textOf, wordOf } from '../flags.js'
import type { SessionInfo } from '../../handler.js'
import { pageOf, SORTS, type Wish } from '../pages.js'
import type { Place } from '../place.js'
import { EXIT } from '../problems.js'
import { expectedOf } from '../sessions.js'
import { bytes, duration, harmless, shownId } from '../units.js'

const LIMIT = 100

export const list = command({
  name: 'list',
  summary: 'Lists sessions: id, age (time since the last use), size',
  words: '',
  counts: [0, 0],
  details: [
    'A sorted list of more than a million sessions takes several walks, and no more memory.',
  ],
  flags: {
    limit: { value: 'n', text: `how many (default: ${LIMIT}; 0 is all)` },
    page: { value: 'n', text: 'the n-th of such pages' },
    after: { value: 'id', text: 'begin behind this session' },
    sort: { value: 'by', text: `${SORTS.join(', ')} (default: as they are stored)` },
    reverse: { text: 'the other way round; goes with --sort' },
    expired: { text: 'with those that are over and not collected yet' },
    owner: { value: 'name', text: 'those of this owner' },
    ...IDS_FLAG,
    ...JSON_FLAG,
    ...PLACE_FLAGS,
  },
  async run(task) {
    const { given } = task
    const where = await task.place()
    const wish = wishOf(given)
    const shown = await print(task, where, pageOf(where, wish, { signal: task.io.signal }))
    if (wish.limit !== undefined && shown.more) {
      const page = integerOf(given, 'page', 1)
      const next = page === undefined ? `--after ${shown.last}` : `--page ${page + 1}`
      task.note(`there are more: ${next}`)
    }
    return EXIT.ok
  },
})

function wishOf(given: Given): Wish {
  const limit = integerOf(given, 'limit', 0) ?? LIMIT
  const page = integerOf(given, 'page', 1) ?? 1
  return {
    limit: limit === 0 ? undefined : limit,
    skip: (page - 1) * limit,
    after: textOf(given, 'after'),
    sort: wordOf(given, 'sort', SORTS),
    reverse: isGiven(given, 'reverse'),
    expiredToo: isGiven(given, 'expired'),
    owner: textOf(given, 'owner'),
  }
}

/** Prints a page, and finds out whether something follows. */
async function print(
  { given, io, out, progress }: Task,
  place: Place,
  page: AsyncIterable<SessionInfo | 'more'>,
) {
  const line = lineOf(given, place.now())
  const quiet = io.stdout.isTTY === true // rows move by themselves there
  const bar = quiet ? undefined : await progress('list', () => expectedRows(place, given))
  const shown = { more: false, last: '' }
  const hasOwners = place.chain.listByOwner !== undefined
  let head = isGiven(given, 'json') ? undefined : heading(given) + (hasOwners ? '  owner' : '')
  const begin = async () => {
    if (head !== undefined) await out.line(head)
    head = undefined
  }
  for await (const info of page) {
    await begin()
    if (info === 'more') shown.more = true
    else {
      shown.last = shownId(info.id, isGiven(given, 'full-ids'))
      await out.line(line(info))
      bar?.step()
    }
  }
  await begin()
  await out.flush()
  return shown
}

/** Nobody counts those of an owner. */
async function expectedRows(place: Place, given: Given): Promise<number | undefined> {
  if (given['owner'] !== undefined) return undefined
  return expectedOf(place, isGiven(given, 'expired'))
}

const WIDTHS = { short: 10, full: 32 } as const

function idWidth(given: Given): number {
  return isGiven(given, 'full-ids') ? WIDTHS.full : WIDTHS.short
}

function heading(given: Given): string {
  return `${'id'.padEnd(idWidth(given))}  ${'age'.padStart(7)}  ${'size'.padStart(8)}`
}

function lineOf(given: Given, nowMs: number): (info: SessionInfo) => string {
  const full = isGiven(given, 'full-ids')
  const width = idWidth(given)
  const age = (info: SessionInfo) => Math.max(0, nowMs - info.touchedMs) / 1000
  if (isGiven(given, 'json')) {
    return (info) =>
      JSON.stringify({
        id: shownId(info.id, full),
        touched: new Date(info.touchedMs).toISOString(),
        age: Math.floor(age(info)),
        bytes: info.bytes,
        owner: info.owner,
      })
  }
  return (info) => {
    const id = shownId(info.id, full).padEnd(width)
    const owner = info.owner === undefined ? '' : `  ${harmless(info.owner)}`
    return `${id}  ${duration(age(info)).padStart(7)}  ${bytes(info.bytes).padStart(8)}${owner}`
  }
}
