/**
 * Writes one value in PHP's `serialize()` format in one pass, without recursion.
 *
 * @see ext/standard/var.c, `php_var_serialize_intern`
 * @module
 */
import { SessionError } from '../errors.js'
import { Byte } from './codes.js'
import { integerKey } from './keys.js'
import { openContainer, writeAny } from './open-container.js'
import { correctCount } from './open-frame.js'
import { digitsOf, isSmallInt, putIndex, putNumber, putShort, Room } from './put.js'
import { Shape, type Entry, type WriteFrame } from './write-frame.js'
import { writeAscii, writeBytes, writeName, writeScalar } from './write-scalar.js'
import { refuse, reserve, type Writer } from './writer.js'

/**
 * Writes a value.
 *
 * @throws {EncodeError} With the path of what cannot be written.
 */
export function writeValue(writer: Writer, value: unknown): void {
  writer.frame = undefined
  try {
    if (writeScalar(writer, value)) return
    let frame = openContainer(writer, undefined, value as object)
    while (frame !== undefined) {
      writer.frame = frame
      frame = step(writer, frame)
    }
  } catch (error) {
    if (error instanceof SessionError) throw error
    refuse(writer, 'a value that could not be read', error)
  }
}

/** Writes entries until the container ends or another one begins. @returns Where to go on. */
function step(writer: Writer, frame: WriteFrame): WriteFrame | undefined {
  if (frame.shape === Shape.List) return stepList(writer, frame)
  return frame.shape === Shape.Record ? stepRecord(writer, frame) : stepEntries(writer, frame)
}

/** Where it writes and how many slots that took stays in local variables as long as it can. */
function stepList(writer: Writer, frame: WriteFrame): WriteFrame | undefined {
  const { list, size } = frame
  let { bytes, pos } = writer
  let slots = 0
  for (let index = frame.index; index < size; index += 1) {
    if (pos + Room.Small > bytes.length) {
      writer.pos = pos
      reserve(writer, Room.Small)
      bytes = writer.bytes
    }
    const value = list[index]
    const at = putIndex(bytes, pos, index)
    pos = putCommon(writer, at, value)
    if (pos > at) {
      slots += 1
      continue
    }
    writer.pos = pos
    writer.slot += slots
    slots = 0
    frame.index = index + 1
    const child = writeAny(writer, frame, value)
    if (child !== undefined) return child
    pos = writer.pos
    bytes = writer.bytes
  }
  writer.pos = pos
  writer.slot += slots
  return close(writer, frame)
}

function stepRecord(writer: Writer, frame: WriteFrame): WriteFrame | undefined {
  const { names, size } = frame
  const source = frame.source as Readonly<Record<string, unknown>>
  for (let index = frame.index; index < size; index += 1) {
    frame.index = index + 1
    const name = names[index] as string
    const value = source[name]
    if (value === undefined) {
      frame.skipped += 1
      continue
    }
    const at = writeKey(writer, name)
    const end = putCommon(writer, at, value)
    writer.pos = end
    if (end > at) {
      writer.slot += 1
      continue
    }
    const child = writeAny(writer, frame, value)
    if (child !== undefined) return child
  }
  return close(writer, frame)
}

/** A number or a short ASCII string, where there is room. @returns Where it ends; `at` for others. */
function putCommon({ bytes, shortest }: Writer, at: number, value: unknown): number {
  if (typeof value === 'number') {
    return shortest || isSmallInt(value) ? putNumber(bytes, at, value) : at
  }
  if (typeof value !== 'string' || value.length > Room.Short) return at
  return putShort(bytes, at, value)
}

/** Entries of a `Map` and properties of a `PhpObject`. */
function stepEntries(writer: Writer, frame: WriteFrame): WriteFrame | undefined {
  const { entries, size } = frame
  while (frame.index < size) {
    const [key, value] = entries[frame.index] as Entry
    frame.index += 1
    if (value === undefined) {
      frame.skipped += 1
      continue
    }
    writeEntryKey(writer, key)
    const child = writeAny(writer, frame, value)
    if (child !== undefined) return child
  }
  return close(writer, frame)
}

/** The name of an object's property as a key of an array. @returns Where it ends, with room behind. */
function writeKey(writer: Writer, name: string): number {
  reserve(writer, Room.Small)
  // Integers begin with a digit or a minus, both below this.
  if (name.length <= Room.Short && name.charCodeAt(0) > Byte.Nine) {
    const end = putShort(writer.bytes, writer.pos, name)
    if (end > writer.pos) return end
  }
  writeEntryKey(writer, integerKey(name) ?? name)
  reserve(writer, Room.Small)
  return writer.pos
}

function writeEntryKey(writer: Writer, key: Entry[0]): void {
  if (typeof key === 'string') writeName(writer, key)
  else if (typeof key === 'object') writeBytes(writer, key)
  else writeAscii(writer, `i:${key};`)
}

function close(writer: Writer, frame: WriteFrame): WriteFrame | undefined {
  reserve(writer, 1)
  writer.bytes[writer.pos] = Byte.CloseBrace
  writer.pos += 1
  const { countAt, width, size, skipped } = frame
  // Properties that are `undefined` were counted with the others.
  if (width > 0 || skipped > 0) {
    correctCount(writer, { countAt, width: width || digitsOf(size) }, size - skipped)
  }
  return frame.parent
}
