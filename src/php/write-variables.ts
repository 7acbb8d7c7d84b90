/**
 * Writes the variables of a session, in any layout.
 *
 * @module
 */
import type { SessionData } from '../serializer.js'
import type { CodecRules } from './codec-options.js'
import type { Layout } from './layout.js'
import { namesOf } from './variable-order.js'
import { writeValue } from './serialize-value.js'
import type { Writer } from './writer.js'

/** A layout and the rules for its values. */
export interface Format {
  readonly layout: Layout
  readonly rules: CodecRules
}

/** Variables as PHP would write them, and where each of them is. */
export interface Written {
  readonly writer: Writer
  readonly format: Format
  readonly data: SessionData
  readonly names: readonly string[]
  /** Where each variable begins; then where the last one ends. */
  readonly marks: readonly number[]
  /** Where the value of each variable begins. */
  readonly values: readonly number[]
}

/** Writes all variables; those that are `undefined` are left out. */
export function writeVariables(writer: Writer, format: Format, data: SessionData): Written {
  const { layout } = format
  const names = namesOf(data).filter((name) => data[name] !== undefined)
  const marks: number[] = []
  const values: number[] = []
  layout.writeHead(writer, names.length)
  writer.slot = layout.rootSlots
  for (const name of names) {
    marks.push(writer.pos)
    values.push(writeVariable(writer, layout, name, data[name]))
  }
  marks.push(writer.pos)
  layout.writeTail(writer)
  return { writer, format, data, names, marks, values }
}

/** Writes one variable: its name and its value. @returns Where the value begins. */
export function writeVariable(
  writer: Writer,
  layout: Layout,
  name: string,
  value: unknown,
): number {
  writer.variable = name
  writer.frame = undefined
  layout.writeName(writer, name)
  const { pos } = writer
  writeValue(writer, value)
  return pos
}
