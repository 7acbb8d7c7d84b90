/**
 * What writes a packet: text that grows, and where in the data it stands.
 *
 * @module
 */
import { EncodeError } from '../errors.js'
import { FORMAT, type WddxRules } from './packet.js'

/** One pass over the variables of one session. */
export interface Writer {
  readonly rules: WddxRules
  /** What was written. */
  out: string
  /** The variable that is being written; begins the path of errors. */
  variable: string | undefined
  /** The container that is being written. */
  level: WriteLevel | undefined
  /** The containers around the value that is being written. */
  readonly open: Set<object>
  /** Objects and references, which may stand in one place only. */
  readonly seen: Set<object>
}

/** One container that is being written. */
export interface WriteLevel {
  readonly source: object
  readonly values: readonly unknown[]
  /** Of a struct. */
  readonly names: readonly string[] | undefined
  readonly parent: WriteLevel | undefined
  /** 1 for the value of a variable. */
  readonly depth: number
  /** The next entry. */
  index: number
}

/** A writer at the beginning. */
export function createWriter(rules: WddxRules): Writer {
  return {
    rules,
    out: '',
    variable: undefined,
    level: undefined,
    open: new Set(),
    seen: new Set(),
  }
}

/** @throws {EncodeError} Always, with the path of the value that is being written. */
export function refuse(writer: Writer, reason: string, cause?: unknown): never {
  const path: (string | number)[] = []
  for (let level = writer.level; level !== undefined; level = level.parent) {
    if (level.index > 0) path.push(level.names?.[level.index - 1] ?? level.index - 1)
  }
  if (writer.variable !== undefined) path.push(writer.variable)
  throw new EncodeError(FORMAT, reason, path.reverse(), cause === undefined ? {} : { cause })
}
