/**
 * Keeps what the application did not change: variables that still equal what they were read from are
 * copied from the previous payload byte for byte. Nothing is lost then where JavaScript has no exact
 * type, as for `d:5;`, or where other software writes the same value in other words.
 *
 * @module
 */
import { DecodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import { createHolder, createRecord } from './frame.js'
import { findOneChange, type OneChange } from './previous-one.js'
import { keepWithReferences } from './previous-references.js'
import { openVariables } from './read-variables.js'
import type { Reader } from './reader.js'
import { NEEDS_SLOTS } from './references.js'
import { assemble, isSameSpan, type Span } from './spans.js'
import { readValue } from './unserialize-value.js'
import { writeVariable, type Written } from './write-variables.js'

/**
 * The bytes of the current variables, as much of them as possible taken from `previous`.
 *
 * Variables keep the order of `previous`; new ones follow in their own order.
 *
 * @returns `previous` itself when nothing changed.
 */
export function keepPrevious(current: Written, previous: Payload): Payload {
  const { writer } = current
  const end = writer.pos
  try {
    return keep(current, previous)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    // Not what the data was read from: there is nothing to keep.
    return writer.bytes.slice(0, end)
  }
}

function keep(current: Written, previous: Payload): Payload {
  const { writer } = current
  const end = writer.pos
  if (writer.backReferences === 0) {
    try {
      return keepSpans(current, previous)
    } catch (thrown) {
      if (thrown !== NEEDS_SLOTS) throw thrown
      writer.pos = end
    }
  }
  return keepWithReferences(current, previous)
}

/** Without references every variable stands for itself. */
function keepSpans(current: Written, previous: Payload): Payload {
  const change = findOneChange(current, previous)
  if (change !== undefined) return keepBut(current, previous, change)
  const { writer, format, names } = current
  const { layout } = format
  const reader = openVariables(format, previous)
  const places = new Map(names.map((name, place) => [name, place]))
  /** By name: a second variable of a name replaces the first, in its place. */
  const spans = new Map<string, Span | undefined>()
  layout.read(reader, (name, start) => {
    spans.set(name, keepOne(current, reader, { name, start, place: places.get(name) }))
  })
  const kept = [...spans.values()]
  if (kept.length === names.length && kept.every((span) => span?.previous)) return previous
  const added = names.filter((name) => !spans.has(name))
  return assemble(writer, layout, previous, [
    ...kept.filter((span) => span !== undefined),
    ...added.map((name) => currentSpan(current, places.get(name) as number)),
  ])
}

/** All but one variable are the same, in the same places. */
function keepBut(current: Written, previous: Payload, { place, value }: OneChange): Payload {
  const { writer, names } = current
  const end = writer.pos
  const span = currentSpan(current, place)
  const same = isSameValue(current, names[place] as string, value, span)
  return same ? previous : writer.bytes.slice(0, end)
}

/** A variable of the previous payload; `place` is where the current one is, if there is one. */
interface Variable {
  readonly name: string
  readonly start: number
  readonly place: number | undefined
}

/** Reads one variable. @returns Where to take it from; `undefined` when it is gone. */
function keepOne(current: Written, reader: Reader, variable: Variable): Span | undefined {
  const { name, start, place } = variable
  const span = place === undefined ? undefined : currentSpan(current, place)
  if (span !== undefined && isSameSpan(current.writer, span, reader.bytes, start)) {
    reader.pos = start + span.end - span.start
    return { previous: true, start, end: reader.pos }
  }
  const record = createRecord()
  readValue(reader, createHolder(record), name)
  if (span === undefined || !isSameValue(current, name, record[name], span)) return span
  return { previous: true, start, end: reader.pos }
}

function currentSpan({ marks }: Written, place: number): Span {
  return { previous: false, start: marks[place] as number, end: marks[place + 1] as number }
}

/** Whether a value is written to the same bytes as the current one. */
function isSameValue(current: Written, name: string, value: unknown, span: Span): boolean {
  const { writer, format } = current
  const begin = writer.pos
  writer.seen = undefined
  writeVariable(writer, format.layout, name, value)
  const same =
    writer.pos - begin === span.end - span.start && isSameSpan(writer, span, writer.bytes, begin)
  writer.pos = begin
  return same
}
