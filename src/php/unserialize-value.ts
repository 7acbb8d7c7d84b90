/**
 * Reads one value of PHP's `serialize()` format in one pass, without recursion.
 *
 * @see ext/standard/var_unserializer.re
 * @module
 */
import { CLOSE_BRACE, COLON, NINE, OPEN_BRACE, SEMICOLON, TAG, ZERO } from './codes.js'
import {
  becomeRecord,
  createFrame,
  KIND,
  put,
  settleRecord,
  peek,
  targetOf,
  type Frame,
} from './frame.js'
import type { PhpKey } from './keys.js'
import { nameText } from './names.js'
import { openObject, readEnum, readMemberName, readSerializable } from './read-object.js'
import { readBool, readFloat, readInt, readNull } from './read-scalar.js'
import { readEscaped, readEscapedKey, readString, readTextKey } from './read-string.js'
import { byteAt, expectByte, fail, readDigits, type Reader } from './reader.js'
import {
  isReference,
  readSlotNumber,
  readReference,
  readSameObject,
  takeSlot,
} from './references.js'

/** Stands for a value whose entries are still to be read; `reader.opened` is its frame. */
const OPEN = Symbol('open')

/**
 * Reads the value that begins at `reader.pos` and puts it into `holder` under `key`.
 *
 * @throws {DecodeError} With the offset PHP reports.
 */
export function readValue(reader: Reader, holder: Frame, key: PhpKey): void {
  if (reader.slots !== undefined) takeSlot(reader, holder, key)
  const value = readHead(reader, holder)
  if (value !== OPEN) return put(holder, key, value)
  let frame = enter(reader, holder, key)
  while (frame !== holder) frame = fill(reader, frame)
}

/** A whole value, or the beginning of one. */
function readHead(reader: Reader, frame: Frame): unknown {
  switch (byteAt(reader, reader.pos)) {
    case TAG.string:
      return readString(reader)
    case TAG.int:
      return readInt(reader)
    case TAG.array:
      return openArray(reader)
    case TAG.bool:
      return readBool(reader)
    case TAG.null:
      return readNull(reader)
    case TAG.float:
      return readFloat(reader)
    default:
      return readRareHead(reader, frame)
  }
}

function readRareHead(reader: Reader, frame: Frame): unknown {
  switch (byteAt(reader, reader.pos)) {
    case TAG.object:
      return open(reader, openObject(reader))
    case TAG.sameObject:
      return readSameObject(reader, frame)
    case TAG.reference:
      return readReference(reader, frame)
    case TAG.escaped:
      return readEscaped(reader)
    case TAG.enum:
      return readEnum(reader)
    case TAG.custom:
      return readSerializable(reader)
    default:
      return fail(reader, reader.pos, 'a value')
  }
}

function openArray(reader: Reader): unknown {
  const count = readArrayHead(reader)
  return open(reader, createFrame(beginsList(reader) ? KIND.list : KIND.record, count))
}

/** `a:<count>:{`; a count is checked against what is left before anything is made. */
export function readArrayHead(reader: Reader): number {
  const count = readCount(reader)
  if (count > (reader.bytes.length - reader.pos) / 2) {
    fail(reader, reader.pos, 'a count that the data can hold')
  }
  return count
}

/** `a:<count>:{` */
function readCount(reader: Reader): number {
  const start = reader.pos
  const count = readDigits(reader, start + 2)
  const colon = reader.pos
  if (
    colon === start + 2 ||
    byteAt(reader, colon) !== COLON ||
    byteAt(reader, start + 1) !== COLON ||
    byteAt(reader, colon + 1) !== OPEN_BRACE
  ) {
    fail(reader, start, 'a count and a brace')
  }
  reader.pos = colon + 2
  return count
}

/** Checks the depth before a container is entered; an empty one is read whole and has no depth. */
function open(reader: Reader, frame: Frame): unknown {
  if (frame.left === 0) {
    expectByte(reader, CLOSE_BRACE, 'a closing brace')
    return frame.kind === KIND.record ? [] : targetOf(frame)
  }
  if (reader.depth >= reader.maxDepth) {
    fail(reader, reader.pos, `nesting no deeper than ${reader.maxDepth}`)
  }
  reader.opened = frame
  return OPEN
}

/** Whether the first key is 0, written as PHP writes it. */
function beginsList(reader: Reader): boolean {
  const { pos } = reader
  return (
    byteAt(reader, pos) === TAG.int &&
    byteAt(reader, pos + 2) === ZERO &&
    byteAt(reader, pos + 3) === SEMICOLON
  )
}

/** Goes into the container that was just opened as the entry `key` of `parent`. */
function enter(reader: Reader, parent: Frame, key: PhpKey): Frame {
  const child = reader.opened as Frame
  child.parent = parent
  parent.key = key
  reader.depth += 1
  // References into a container may come before its end.
  if (reader.slots !== undefined) put(parent, key, targetOf(child))
  return child
}

/** Reads entries until the container ends or another one begins. @returns Where to go on. */
function fill(reader: Reader, frame: Frame): Frame {
  if (frame.kind === KIND.list) return fillList(reader, frame)
  return frame.kind === KIND.record ? fillRecord(reader, frame) : fillPairs(reader, frame)
}

function fillList(reader: Reader, frame: Frame): Frame {
  const { list } = frame
  while (frame.left > 0) {
    const start = reader.pos
    const index = readIndex(reader)
    if (index !== list.length) {
      reader.pos = start
      becomeRecord(frame)
      return frame
    }
    frame.left -= 1
    if (reader.slots !== undefined) takeSlot(reader, frame, index)
    const tag = byteAt(reader, reader.pos)
    const value =
      tag === TAG.string
        ? readString(reader)
        : tag === TAG.int
          ? readInt(reader)
          : readHead(reader, frame)
    if (value === OPEN) return enter(reader, frame, index)
    list.push(value)
  }
  return close(reader, frame)
}

/** `i:<digits>;`; -1, and nothing read, for a key of another form. */
function readIndex(reader: Reader): number {
  const { bytes, pos } = reader
  let at = pos + 2
  let index = 0
  let code = bytes[at] as number
  while (code >= ZERO && code <= NINE) {
    index = index * 10 + (code - ZERO)
    at += 1
    code = bytes[at] as number
  }
  if (code !== SEMICOLON || bytes[pos] !== TAG.int || bytes[pos + 1] !== COLON || at === pos + 2) {
    return -1
  }
  reader.pos = at + 1
  return index
}

function fillRecord(reader: Reader, frame: Frame): Frame {
  const { record } = frame
  while (frame.left > 0) {
    const key = byteAt(reader, reader.pos) === TAG.string ? readTextKey(reader) : readKey(reader)
    frame.left -= 1
    if (reader.slots !== undefined) takeSlot(reader, frame, key)
    const tag = byteAt(reader, reader.pos)
    const value =
      tag === TAG.string
        ? readString(reader)
        : tag === TAG.int
          ? readInt(reader)
          : readHead(reader, frame)
    if (value === OPEN) return enter(reader, frame, key)
    if (typeof key === 'string') {
      record[key] = value
      frame.last = Infinity
    } else {
      put(frame, key, value)
      if (frame.kind !== KIND.record) return frame
    }
  }
  settleRecord(frame)
  return close(reader, frame)
}

function fillPairs(reader: Reader, frame: Frame): Frame {
  while (frame.left > 0) {
    const key = frame.kind === KIND.object ? readMemberName(reader) : readKey(reader)
    if (key === undefined) return badKey(reader)
    frame.left -= 1
    if (reader.slots !== undefined) takeSlot(reader, frame, key)
    const value = readHead(reader, frame)
    if (value === OPEN) return enter(reader, frame, key)
    put(frame, key, value)
  }
  return close(reader, frame)
}

function readKey(reader: Reader): PhpKey {
  const tag = byteAt(reader, reader.pos)
  if (tag === TAG.string) return readTextKey(reader)
  if (tag === TAG.int) return readInt(reader)
  return tag === TAG.escaped ? readEscapedKey(reader) : badKey(reader)
}

/** The key of an array as the name of a variable: bytes that are not UTF-8 as in names.ts. */
export function readVariableKey(reader: Reader): string {
  const key = readKey(reader)
  return typeof key === 'object' ? nameText(Buffer.from(key)) : String(key)
}

/** PHP reads a key of another kind before it refuses it, and reports the place behind it. */
function badKey(reader: Reader): never {
  const tag = byteAt(reader, reader.pos)
  if (tag === TAG.null) readNull(reader)
  else if (tag === TAG.bool) readBool(reader)
  else if (tag === TAG.float) readFloat(reader)
  else if (tag === TAG.array) readCount(reader)
  else if (tag === TAG.reference || tag === TAG.sameObject) readSlotNumber(reader)
  return fail(reader, reader.pos, 'a key')
}

/** The end of a container: its value goes into the one around it. */
function close(reader: Reader, frame: Frame): Frame {
  expectByte(reader, CLOSE_BRACE, 'a closing brace')
  reader.depth -= 1
  const parent = frame.parent as Frame
  const value = targetOf(frame)
  const held = reader.slots === undefined ? undefined : peek(parent, parent.key)
  if (isReference(held)) held.value = value
  else if (parent.kind === KIND.list && reader.slots === undefined) parent.list.push(value)
  else put(parent, parent.key, value)
  return parent
}
