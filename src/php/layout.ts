/**
 * How the variables of a session lie in its bytes: one layout for each of PHP's
 * `session.serialize_handler`s that is made of `serialize()`d values.
 *
 * @module
 */
import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

/** Takes a name that was read; reads the value that follows. `start` is where the variable begins. */
export type OnVariable = (name: string, start: number) => void

export interface Layout {
  /** PHP's name of the format. */
  readonly format: string
  /** 1 where the session is one array, which takes the first slot; else 0. */
  readonly rootSlots: 0 | 1
  /** Reads everything but the values. @throws {DecodeError} */
  read(reader: Reader, onVariable: OnVariable): void
  writeHead(writer: Writer, count: number): void
  /** @throws {EncodeError} For a name that PHP could not read back. */
  writeName(writer: Writer, name: string): void
  writeTail(writer: Writer): void
}
