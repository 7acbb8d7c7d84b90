/**
 * What kind of value an object is, and the head of its text.
 *
 * @module
 */
import { types } from 'node:util'
import { classOf, isPlainObject } from '../lib/plain-object.js'
import { integerKey, isPhpInt } from './keys.js'
import { isShared, kindOf, type PhpObject, type PhpReference } from './values.js'
import { createWriteFrame, Shape, type Entry, type WriteFrame } from './write-frame.js'
import { openFrame } from './open-frame.js'
import { writeBytes, writeScalar } from './write-scalar.js'
import {
  identityOf,
  writeAgain,
  writeEnum,
  writeSerializable,
  type Shared,
} from './write-shared.js'
import { refuse, type Writer } from './writer.js'

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
  if (isPlainObject(value)) return openRecord(writer, parent, value)
  return refuse(writer, `an instance of ${classOf(value)}, which is not registered`)
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
