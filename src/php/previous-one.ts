/**
 * The usual change: one variable has another value, and what stands before and behind it is the same.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import { createHolder, createRecord } from './frame.js'
import { openVariables } from './read-variables.js'
import { readValue } from './unserialize-value.js'
import type { Written } from './write-variables.js'

/** One variable, and the value that the previous payload has for it. */
export interface OneChange {
  readonly place: number
  readonly value: unknown
}

/**
 * @returns The only variable whose bytes are different; `undefined` where there are others, or where
 *   that cannot be told without reading all.
 */
export function findOneChange(current: Written, previous: Payload): OneChange | undefined {
  const { names, marks, values, writer } = current
  const place = placeOf(marks, sameFrom(writer.bytes, previous, writer.pos))
  if (place >= names.length) return undefined
  const from = values[place] as number
  const to = (marks[place + 1] as number) + previous.length - writer.pos
  if (to <= from || !isFramed(current, previous, place)) return undefined
  const value = readBetween(current, previous, { from, to, name: names[place] as string })
  return value === undefined ? undefined : { place, value }
}

/** How many bytes are the same from the start on. */
function sameFrom(bytes: Uint8Array, other: Uint8Array, size: number): number {
  const limit = Math.min(size, other.length)
  let at = 0
  while (at < limit && bytes[at] === other[at]) at += 1
  return at
}

/** The variable that a byte is in. */
function placeOf(marks: readonly number[], at: number): number {
  let place = 0
  while (place + 1 < marks.length && (marks[place + 1] as number) <= at) place += 1
  return place
}

/** Whether the previous payload has the same bytes before the value of a variable and behind it. */
function isFramed({ writer, marks, values }: Written, previous: Payload, place: number): boolean {
  const { view, pos } = writer
  const from = values[place] as number
  const next = marks[place + 1] as number
  const behind = next + previous.length - pos
  return (
    view.compare(previous, 0, from, 0, from) === 0 &&
    view.compare(previous, behind, previous.length, next, pos) === 0
  )
}

/** Where a value is expected in the previous payload. */
interface Between {
  readonly from: number
  readonly to: number
  readonly name: string
}

/** @returns `undefined` unless exactly one value is there. */
function readBetween(current: Written, previous: Payload, { from, to, name }: Between): unknown {
  const reader = openVariables(current.format, previous)
  reader.pos = from
  const record = createRecord()
  readValue(reader, createHolder(record), name)
  return reader.pos === to ? record[name] : undefined
}
