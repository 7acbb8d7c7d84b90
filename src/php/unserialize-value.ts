/**
 * Reads one value of PHP's `serialize()` format in one pass, without recursion.
 *
 * @see ext/standard/var_unserializer.re
 * @module
 */
import { Byte, Tag } from './codes.js'
import {
  becomeRecord,
  createFrame,
  createRecord,
  listOf,
  recordOf,
  Kind,
  put,
  settleRecord,
  peek,
  type Frame,
} from './frame.js'
import type { PhpKey } from './keys.js'
import { asInstance, completeObject, completeSerializable, partOf } from './read-class.js'
import { openObject, readEnum, readMemberName, readSerializable } from './read-object.js'
import { readBool, readFloat, readInt, readNull } from './read-scalar.js'
import { badKey, readArrayHead, readKey } from './read-key.js'
import { readEscaped } from './read-escaped.js'
import { readString, readTextKey } from './read-string.js'
import { byteAt, expectByte, fail, type Reader } from './reader.js'
import { hasToken, nestedOf, takeNested, type Nested } from './nested.js'
import { isReference } from './identity.js'
import { NEEDS_SLOTS, readReference, readSameObject, takeSlot } from './references.js'
import type { PhpObject, PhpSerializable } from './values.js'

/**
 * Reads the value that begins at `reader.pos` and puts it into `holder` under `key`.
 *
 * @throws {DecodeError} With the offset PHP reports.
 */
export function readValue(reader: Reader, holder: Frame, key: PhpKey): void {
  if (reader.slots !== undefined) takeSlot(reader, holder, key)
  const value = readHead(reader, holder)
  if (value !== undefined) return put(holder, key, value)
  let frame = enter(reader, holder, key)
  while (frame !== holder) frame = fill(reader, frame)
}

/** A whole value; `undefined`, which PHP does not have, when a container was opened. */
function readHead(reader: Reader, frame: Frame): unknown {
  switch (byteAt(reader, reader.pos)) {
    case Tag.String:
      return readString(reader)
    case Tag.Int:
      return readInt(reader)
    case Tag.Array:
      return openArray(reader)
    case Tag.Bool:
      return readBool(reader)
    case Tag.Null:
      return readNull(reader)
    case Tag.Float:
      return readFloat(reader)
    default:
      return readRareHead(reader, frame)
  }
}

function readRareHead(reader: Reader, frame: Frame): unknown {
  switch (byteAt(reader, reader.pos)) {
    case Tag.Object:
      return openProperties(reader)
    case Tag.SameObject:
      return readSameObject(reader, frame)
    case Tag.Reference:
      return readReference(reader, frame)
    case Tag.Escaped:
      return readEscaped(reader)
    case Tag.Enum:
      return asInstance(reader, readEnum(reader))
    case Tag.Custom:
      return openSerializable(reader, frame)
    default:
      return fail(reader, reader.pos, 'a value')
  }
}

function openArray(reader: Reader): unknown {
  const count = readArrayHead(reader)
  if (count === 0) {
    expectByte(reader, Byte.CloseBrace, 'a closing brace')
    return []
  }
  return open(
    reader,
    beginsList(reader)
      ? createFrame(Kind.List, [], count)
      : createFrame(Kind.Record, createRecord(), count),
  )
}

/** An object is made before its properties are read: they may refer to it. */
function openProperties(reader: Reader): unknown {
  const frame = openObject(reader)
  const opened = open(reader, frame)
  if (frame.left > 0) return opened
  expectByte(reader, Byte.CloseBrace, 'a closing brace')
  return completeObject(reader, frame.target as PhpObject)
}

function openSerializable(reader: Reader, frame: Frame): unknown {
  const value = readSerializable(reader)
  if (reader.slots === undefined && hasToken(value)) throw NEEDS_SLOTS
  // References in its data may lead to the object itself.
  if (reader.slots !== undefined) put(frame, frame.key, value)
  takeNested(reader, value, readValue)
  return completeSerializable(reader, value)
}

/** An array without entries does not count for the depth; an object without properties does. */
function open(reader: Reader, frame: Frame): unknown {
  const { maxDepth } = reader.rules
  if (reader.depth >= maxDepth) fail(reader, reader.pos, `nesting no deeper than ${maxDepth}`)
  reader.opened = frame
  return undefined
}

/** Whether the first key is 0, written as PHP writes it. */
function beginsList(reader: Reader): boolean {
  const { pos } = reader
  return (
    byteAt(reader, pos) === Tag.Int &&
    byteAt(reader, pos + 2) === Byte.Zero &&
    byteAt(reader, pos + 3) === Byte.Semicolon
  )
}

/** Goes into the container that was just opened as the entry `key` of `parent`. */
function enter(reader: Reader, parent: Frame, key: PhpKey): Frame {
  const child = reader.opened as Frame
  child.parent = parent
  parent.key = key
  reader.depth += 1
  // References into a container may come before its end.
  if (reader.slots !== undefined) put(parent, key, partOf(reader, child.target))
  return child
}

/** Reads entries until the container ends or another one begins. @returns Where to go on. */
function fill(reader: Reader, frame: Frame): Frame {
  if (frame.kind === Kind.List) return fillList(reader, frame)
  return frame.kind === Kind.Record ? fillRecord(reader, frame) : fillPairs(reader, frame)
}

function fillList(reader: Reader, frame: Frame): Frame {
  const list = listOf(frame)
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
      tag === Tag.String
        ? readString(reader)
        : tag === Tag.Int
          ? readInt(reader)
          : readHead(reader, frame)
    if (value === undefined) return enter(reader, frame, index)
    if (reader.slots === undefined) list.push(value)
    else list[index] = value
  }
  return close(reader, frame)
}

/** `i:<digits>;`; -1, and nothing read, for a key of another form. */
function readIndex(reader: Reader): number {
  const { bytes, pos } = reader
  let at = pos + 2
  let index = 0
  let code = bytes[at] as number
  while (code >= Byte.Zero && code <= Byte.Nine) {
    index = index * 10 + (code - Byte.Zero)
    at += 1
    code = bytes[at] as number
  }
  if (
    code !== Byte.Semicolon ||
    bytes[pos] !== Tag.Int ||
    bytes[pos + 1] !== Byte.Colon ||
    at === pos + 2
  ) {
    return -1
  }
  reader.pos = at + 1
  return index
}

function fillRecord(reader: Reader, frame: Frame): Frame {
  const record = recordOf(frame)
  while (frame.left > 0) {
    const key = byteAt(reader, reader.pos) === Tag.String ? readTextKey(reader) : readKey(reader)
    frame.left -= 1
    if (reader.slots !== undefined) takeSlot(reader, frame, key)
    const tag = byteAt(reader, reader.pos)
    const value =
      tag === Tag.String
        ? readString(reader)
        : tag === Tag.Int
          ? readInt(reader)
          : readHead(reader, frame)
    if (value === undefined) return enter(reader, frame, key)
    if (typeof key === 'string') {
      record[key] = value
      frame.named = true
    } else {
      put(frame, key, value)
      if (frame.kind !== Kind.Record) return frame
    }
  }
  settleRecord(frame)
  return close(reader, frame)
}

function fillPairs(reader: Reader, frame: Frame): Frame {
  while (frame.left > 0) {
    const key = frame.kind === Kind.Object ? readMemberName(reader) : readKey(reader)
    if (key === undefined) return badKey(reader)
    frame.left -= 1
    if (reader.slots !== undefined) takeSlot(reader, frame, key)
    const value = readHead(reader, frame)
    if (value === undefined) return enter(reader, frame, key)
    put(frame, key, value)
  }
  return close(reader, frame)
}

/** The end of a container: its value goes into the one around it. */
function close(reader: Reader, frame: Frame): Frame {
  expectByte(reader, Byte.CloseBrace, 'a closing brace')
  reader.depth -= 1
  const parent = frame.parent as Frame
  const value =
    frame.kind === Kind.Object ? completeObject(reader, frame.target as PhpObject) : frame.target
  const held = reader.slots === undefined ? undefined : peek(parent, parent.key)
  if (isReference(held)) held.value = value
  else if (parent.kind === Kind.List && reader.slots === undefined) listOf(parent).push(value)
  else put(parent, parent.key, value)
  return parent
}

/** Values in the data of an object that serialized itself. */
export function nestedIn(value: PhpSerializable): Nested {
  return nestedOf(value, readValue)
}
