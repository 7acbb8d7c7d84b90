/**
 * The short way for what most sessions are made of: lists and records of strings, numbers, booleans
 * and null, and of such lists and records again.
 *
 * It is a recursion without frames. Where it meets anything else it leaves through all its levels,
 * which become frames on the way out, and the long way goes on from there.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import { integerKey } from './keys.js'
import { leave, leaveList, leaveRecord, Left, type Level } from './leave-plain.js'
import { correctCount } from './open-frame.js'
import { isSmallInt, putDigits, putIndex, putNumber, putShort, Room } from './put.js'
import { isWellFormed, writeAscii, writeString, writeText } from './write-scalar.js'
import { reserve, type Writer } from './writer.js'

/** An object of no class. */
type Source = Readonly<Record<string, unknown>>

/** What the short way begins with. */
export type Plain = readonly unknown[] | Source

/** Whether it is a list or a record, for which no codec can be registered. */
export function isPlain(value: object): value is Plain {
  return Array.isArray(value) || isRecord(value)
}

function isRecord(value: object): value is Source {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Writes a list or a record. @returns `false` when it was left, and `writer.frame` is to go on. */
export function writePlain(writer: Writer, value: Plain): boolean {
  writer.outermost = undefined
  writer.once = false
  writer.slot += 1
  reserve(writer, Room.Small)
  const { pos } = writer
  const end = Array.isArray(value)
    ? putList(writer, pos, value)
    : putRecord(writer, pos, value as Source)
  if (end < 0) return false
  writer.pos = end
  return true
}

function putList(writer: Writer, at: number, list: readonly unknown[]): number {
  const size = list.length
  let end = putHead(writer.bytes, at, size)
  writer.depth += 1
  for (let index = 0; index < size; index += 1) {
    const place = putIndex(roomAt(writer, end), end, index)
    end = putAny(writer, place, list[index])
    if (end < 0) return leaveList(writer, { source: list, at, count: index })
  }
  writer.depth -= 1
  writer.slot += size
  return putEnd(writer, end)
}

function putRecord(writer: Writer, at: number, source: Source): number {
  let end = putHead(writer.bytes, at, 0)
  writer.depth += 1
  let count = 0
  for (const name in source) {
    if (!Object.prototype.hasOwnProperty.call(source, name)) continue
    const bytes = roomAt(writer, end)
    // Integers begin with a digit or a minus, both below this.
    const isShort = name.length <= Room.Short && name.charCodeAt(0) > Byte.Nine
    let place = isShort ? putShort(bytes, end, name) : end
    if (place === end) place = putRareKey(writer, end, name)
    const value = source[name]
    if (value === undefined) continue
    end = place < 0 ? leave(writer, end, undefined) : putAny(writer, place, value)
    if (end < 0) return leaveRecord(writer, { source, at, count }, name)
    count += 1
  }
  return endRecord(writer, end, { at, count })
}

/** A value at a place with room. @returns Where it ends. */
function putAny(writer: Writer, at: number, value: unknown): number {
  if (typeof value === 'string') {
    const end = value.length <= Room.Short ? putShort(writer.bytes, at, value) : at
    return end > at ? end : putText(writer, at, value)
  }
  if (typeof value === 'number') {
    if (writer.shortest || isSmallInt(value)) return putNumber(writer.bytes, at, value)
    return leave(writer, at, value)
  }
  if (typeof value === 'boolean') return putBool(writer.bytes, at, value)
  if (value === null || value === undefined) return putNull(writer.bytes, at)
  if (typeof value !== 'object' || writer.depth >= writer.plainDepth)
    return leave(writer, at, value)
  if (Array.isArray(value)) return putList(writer, at, value)
  return isRecord(value) ? putRecord(writer, at, value) : leave(writer, at, value)
}

function putText(writer: Writer, at: number, text: string): number {
  writer.pos = at
  if (!writeText(writer, text)) return leave(writer, at, text)
  reserve(writer, Room.Small)
  return writer.pos
}

function putBool(bytes: Uint8Array, at: number, value: boolean): number {
  bytes[at] = Tag.Bool
  bytes[at + 1] = Byte.Colon
  bytes[at + 2] = value ? Byte.One : Byte.Zero
  bytes[at + 3] = Byte.Semicolon
  return at + 4
}

function putNull(bytes: Uint8Array, at: number): number {
  bytes[at] = Tag.Null
  bytes[at + 1] = Byte.Semicolon
  return at + 2
}

/** A key that is long, not ASCII, or an integer. @returns Where it ends, with room behind it. */
function putRareKey(writer: Writer, at: number, name: string): number {
  writer.pos = at
  const integer = integerKey(name)
  if (integer !== undefined) writeAscii(writer, `i:${integer};`)
  else if (isWellFormed(name)) writeString(writer, name)
  else return Left.End
  reserve(writer, Room.Small)
  return writer.pos
}

function putHead(bytes: Uint8Array, at: number, size: number): number {
  bytes[at] = Tag.Array
  bytes[at + 1] = Byte.Colon
  const end = putDigits(bytes, at + 2, size)
  bytes[end] = Byte.Colon
  bytes[end + 1] = Byte.OpenBrace
  return end + 2
}

/** Names whose value is `undefined` do not count, so the count of a record is written last. */
function endRecord(
  writer: Writer,
  end: number,
  { at, count }: Pick<Level, 'at' | 'count'>,
): number {
  writer.depth -= 1
  writer.slot += count
  writer.pos = end
  if (count < 10) writer.bytes[at + 2] = Byte.Zero + count
  else correctCount(writer, { countAt: at + 2, width: 1 }, count)
  return putEnd(writer, writer.pos)
}

function putEnd(writer: Writer, at: number): number {
  roomAt(writer, at)[at] = Byte.CloseBrace
  return at + 1
}

/** The memory, with room at a place. */
function roomAt(writer: Writer, at: number): Uint8Array {
  if (at + Room.Small > writer.bytes.length) {
    writer.pos = at
    reserve(writer, Room.Small)
  }
  return writer.bytes
}
