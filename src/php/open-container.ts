/**
 * What kind of value an object is, and the head of its text.
 *
 * @module
 */
import { types } from 'node:util'
import { Byte, Tag } from './codes.js'
import { integerKey, isPhpInt } from './keys.js'
import { isShared, kindOf, type PhpObject, type PhpReference } from './values.js'
import { createWriteFrame, Shape, type Entry, type WriteFrame } from './write-frame.js'
import { putDigits, Room, writeAscii, writeBytes, writeScalar } from './write-scalar.js'
import {
  identityOf,
  writeAgain,
  writeEnum,
  writeObjectHead,
  writeSerializable,
  type Shared,
} from './write-shared.js'
import { refuse, reserve, type Writer } from './writer.js'

/**
 * Writes an object, or the head of a container. Empty containers are written whole.
 *
 * @returns The frame of the entries that are still to be written.
 */
export function openContainer(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: object,
): WriteFrame | undefined {
  if (Array.isArray(value)) return openList(writer, parent, value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    return openRecord(writer, parent, value)
  }
  return openOther(writer, parent, value)
}

function openList(
  writer: Writer,
  parent: WriteFrame | undefined,
  list: readonly unknown[],
): WriteFrame | undefined {
  writer.slot += 1
  const frame = createWriteFrame(Shape.List, list, list.length)
  frame.list = list
  return openFrame(writer, parent, frame)
}

function openRecord(
  writer: Writer,
  parent: WriteFrame | undefined,
  source: object,
): WriteFrame | undefined {
  writer.slot += 1
  const names = Object.keys(source)
  const frame = createWriteFrame(Shape.Record, source, names.length)
  frame.names = names
  return openFrame(writer, parent, frame)
}

function openOther(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: object,
): WriteFrame | undefined {
  const kind = kindOf(value)
  if (kind === 'reference') return openReference(writer, parent, value as PhpReference)
  if (kind !== undefined) return openShared(writer, parent, value as Shared, false)
  if (types.isUint8Array(value)) {
    writer.slot += 1
    writeBytes(writer, value)
    return undefined
  }
  if (types.isMap(value)) return openMap(writer, parent, value)
  if (isForeignRecord(value)) return openRecord(writer, parent, value)
  return refuse(writer, `an instance of ${nameOfClass(value)}, which is not registered`)
}

/** A plain object of another realm: a `vm` context, a test runner. */
function isForeignRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

/** The class, not the value: source code holds no secret. */
function nameOfClass(value: object): string {
  const { name } = value.constructor ?? {}
  return typeof name === 'string' && name !== '' ? name : 'a class'
}

/** The value of a reference stands in its first place; the other places name its slot. */
function openReference(
  writer: Writer,
  parent: WriteFrame | undefined,
  reference: PhpReference,
): WriteFrame | undefined {
  const { value } = reference
  if (isShared(value)) return openShared(writer, parent, value as Shared, true)
  if (writeAgain(writer, reference, true) || writeScalar(writer, value)) return undefined
  if (kindOf(value as object) !== undefined) refuse(writer, 'a reference to a reference')
  writer.once = true
  return openContainer(writer, parent, value as object)
}

function openShared(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: Shared,
  byReference: boolean,
): WriteFrame | undefined {
  if (writeAgain(writer, identityOf(value), byReference)) return undefined
  writer.slot += 1
  if ('members' in value) return openObject(writer, parent, value)
  if ('caseName' in value) writeEnum(writer, value)
  else writeSerializable(writer, value)
  return undefined
}

function openObject(
  writer: Writer,
  parent: WriteFrame | undefined,
  object: PhpObject,
): WriteFrame | undefined {
  const entries = [...object.members]
  const frame = createWriteFrame(Shape.Object, object, entries.length)
  frame.entries = entries
  writer.once = true
  return openFrame(writer, parent, frame)
}

function openMap(
  writer: Writer,
  parent: WriteFrame | undefined,
  map: ReadonlyMap<unknown, unknown>,
): WriteFrame | undefined {
  writer.slot += 1
  const entries = Array.from(map, ([key, value]) => [phpKey(writer, key), value] as const)
  if (new Set(entries.map(([key]) => contentOf(key))).size < entries.length) {
    refuse(writer, 'a Map with two keys that are the same in PHP')
  }
  const frame = createWriteFrame(Shape.Map, map, entries.length)
  frame.entries = entries
  return openFrame(writer, parent, frame)
}

/** The key PHP makes of a key of a `Map`. */
function phpKey(writer: Writer, key: unknown): Entry[0] {
  if (typeof key === 'string') return integerKey(key) ?? key
  if (Number.isSafeInteger(key)) return (key as number) + 0
  if (typeof key === 'bigint' && isPhpInt(key)) return integerKey(String(key)) ?? key
  if (types.isUint8Array(key)) return integerKey(Buffer.from(key).toString('latin1')) ?? key
  return refuse(writer, 'a Map with a key that PHP does not have')
}

/** Equal for keys that PHP does not tell apart. */
function contentOf(key: Entry[0]): string {
  const bytes = typeof key === 'object' ? key : Buffer.from(String(key), 'utf8')
  return `${typeof key === 'number' || typeof key === 'bigint'} ${Buffer.from(bytes).toString('latin1')}`
}

/** Writes the head. @returns The frame, unless it has no entries. */
function openFrame(
  writer: Writer,
  parent: WriteFrame | undefined,
  frame: WriteFrame,
): WriteFrame | undefined {
  const { shape, source, size } = frame
  frame.parent = parent
  frame.depth = parent === undefined ? 1 : parent.depth + 1
  frame.anchor = anchorOf(writer, parent, source)
  if (shape === Shape.Object) writeObjectHead(writer, (source as PhpObject).className)
  writeCount(writer, frame)
  if (size === 0) {
    writeAscii(writer, '}')
    return undefined
  }
  if (frame.depth > writer.maxDepth) refuse(writer, `nesting deeper than ${writer.maxDepth}`)
  return frame
}

/** `a:<n>:{`, of which an object has the first part already. */
function writeCount(writer: Writer, frame: WriteFrame): void {
  reserve(writer, Room.Small)
  const { bytes } = writer
  let at = writer.pos
  if (frame.shape !== Shape.Object) {
    bytes[at] = Tag.Array
    bytes[at + 1] = Byte.Colon
    at += 2
  }
  frame.countAt = at
  at = putDigits(bytes, at, frame.size)
  bytes[at] = Byte.Colon
  bytes[at + 1] = Byte.OpenBrace
  writer.pos = at + 2
}

/**
 * Finds cycles with one comparison per container: each remembers the container at the last depth
 * that is a power of two (Brent's algorithm). Objects and references are entered once only, so a way
 * through them starts afresh.
 */
function anchorOf(
  writer: Writer,
  parent: WriteFrame | undefined,
  source: object,
): object | undefined {
  const { once } = writer
  writer.once = false
  if (once || parent === undefined) return once ? undefined : source
  if (parent.anchor === source) refuse(writer, 'a cycle')
  return (parent.depth & (parent.depth + 1)) === 0 ? source : parent.anchor
}
