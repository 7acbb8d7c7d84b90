/**
 * Unchanged variables that cannot be copied, because an object in them has to move: they are written
 * from what exact mode reads, so that they lose nothing on the way.
 *
 * @module
 */
import { EncodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import type { SessionData } from '../serializer.js'
import { readPrevious, type Previous } from './previous-slots.js'
import { isSameSpan } from './spans.js'
import { writeVariable, type Format, type Written } from './write-variables.js'

/** A variable as exact mode reads it. */
export interface Twin {
  readonly value: unknown
  /** For all that it shares with others: what the application has in its place. */
  readonly aliases: ReadonlyMap<unknown, unknown>
}

/** One variable by itself. */
interface Alone {
  readonly start: number
  readonly end: number
  /** What can be referred to, in the order of writing. */
  readonly held: readonly unknown[]
}

/** Twins of those of the variables that did not change. */
export function findTwins(
  current: Written,
  previous: Previous,
  names: readonly string[],
): ReadonlyMap<string, Twin> {
  const { data, format, writer } = current
  const twins = new Map<string, Twin>()
  // In exact mode the application has the twins already.
  if (format.rules.exact) return twins
  const same = names.filter((name) => isSameAlone(current, previous.data, name))
  if (same.length === 0) return twins
  const exact = readExactly(format, previous.payload)
  const begin = writer.pos
  for (const name of same) {
    const theirs = drawAlone(current, name, exact[name]).held
    const ours = drawAlone(current, name, data[name]).held
    writer.pos = begin
    const aliases = new Map(theirs.map((identity, index) => [identity, ours[index]]))
    twins.set(name, { value: exact[name], aliases })
  }
  return twins
}

/** Writes a variable as it was, where the application shares it with others now. */
export function writeTwin({ writer, format }: Written, name: string, twin: Twin): void {
  const { rules } = writer
  writer.rules = { ...rules, exact: true }
  writer.aliases = twin.aliases
  writeVariable(writer, format.layout, name, twin.value)
  writer.aliases = undefined
  writer.rules = rules
}

function readExactly({ layout, rules }: Format, payload: Payload): SessionData {
  return readPrevious({ layout, rules: { ...rules, exact: true } }, payload).data
}

function isSameAlone(current: Written, previous: SessionData, name: string): boolean {
  const { writer, data } = current
  if (!Object.hasOwn(previous, name) || data[name] === undefined) return false
  const begin = writer.pos
  try {
    const before = drawAlone(current, name, previous[name])
    const now = drawAlone(current, name, data[name])
    if (before.end - before.start !== now.end - now.start) return false
    return isSameSpan(writer, { ...before, previous: false }, writer.bytes, now.start)
  } catch (error) {
    // Data of an object that refers to another variable cannot be written by itself.
    if (error instanceof EncodeError) return false
    throw error
  } finally {
    writer.pos = begin
  }
}

function drawAlone({ writer, format }: Written, name: string, value: unknown): Alone {
  const start = writer.pos
  const seen = new Map<unknown, number>()
  writer.seen = seen
  writer.slot = 0
  writeVariable(writer, format.layout, name, value)
  return { start, end: writer.pos, held: [...seen.keys()] }
}
