/**
 * What kind of value an object is, and the head of its text.
 *
 * @module
 */
import { types } from 'node:util'
import { classOf, isPlainObject } from '../lib/plain-object.js'
import { classFor, type RegisteredClass } from './class-table.js'
import { integerKey, isPhpInt } from './keys.js'
import { assertReadable } from './assert-readable.js'
import { partsOf } from './incomplete.js'
import { isShared, kindOf, type PhpFloat, type PhpObject, type PhpReference } from './values.js'
import { imageOf, type Instance } from './write-class.js'
import { createWriteFrame, Shape, type Entry, type WriteFrame } from './write-frame.js'
import { openFrame } from './open-frame.js'
import { isPlain, writePlain, type Plain } from './write-plain.js'
import { writeBytes, writeFloat, writeScalar } from './write-scalar.js'
import { identityOf, type Shared } from './identity.js'
import { slotOf, writeAgain, writeEnum } from './write-shared.js'
import { writeSerializable } from './write-serializable.js'
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
  return isPlain(value) ? openPlain(writer, parent, value) : openOther(writer, parent, value)
}

/** Any value. @returns The frame of the entries that are still to be written. */
export function writeAny(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: unknown,
): WriteFrame | undefined {
  return writeScalar(writer, value) ? undefined : openContainer(writer, parent, value as object)
}

/** By the short way where that goes deep enough. */
function openPlain(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: Plain,
): WriteFrame | undefined {
  const { pos, slot, frame, once, plainDepth } = writer
  writer.depth = parent === undefined ? writer.rules.rootDepth : parent.depth
  if (writer.depth >= plainDepth) return openLevel(writer, parent, value)
  try {
    if (writePlain(writer, value)) return undefined
  } catch {
    // A getter threw: the long way comes by again, and knows where that is.
    Object.assign(writer, { pos, slot, frame, once })
    return openLevel(writer, parent, value)
  }
  const inner = writer.frame as WriteFrame
  return writer.pending === undefined ? inner : (writeAny(writer, inner, writer.pending) ?? inner)
}

function openLevel(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: object,
): WriteFrame | undefined {
  return Array.isArray(value) ? openList(writer, parent, value) : openRecord(writer, parent, value)
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
  if (kind === 'float') return writeLeaf(writer, () => writeFloat(writer, value as PhpFloat))
  if (kind !== undefined) return openShared(writer, parent, value as Shared, false)
  const registered = registeredFor(writer, value)
  if (registered !== undefined) return openInstance(writer, parent, { value, registered }, false)
  if (types.isUint8Array(value)) return writeLeaf(writer, () => writeBytes(writer, value))
  if (types.isMap(value)) return openMap(writer, parent, value)
  if (isPlainObject(value)) return openRecord(writer, parent, value)
  return refuse(writer, `an instance of ${classOf(value)} (no codec is registered for it)`)
}

function writeLeaf(writer: Writer, write: () => void): undefined {
  writer.slot += 1
  write()
}

/** The value of a reference stands in its first place; the other places name its slot. */
function openReference(
  writer: Writer,
  parent: WriteFrame | undefined,
  reference: PhpReference,
): WriteFrame | undefined {
  const { value } = reference
  if (isShared(value)) return openShared(writer, parent, value as Shared, true)
  const registered = registeredFor(writer, value)
  if (registered !== undefined) {
    return openInstance(writer, parent, { value: value as object, registered }, true)
  }
  if (writeAgain(writer, reference, true) || writeScalar(writer, value)) return undefined
  if (kindOf(value as object) === 'reference') refuse(writer, 'a reference to a reference')
  writer.once = true
  return openContainer(writer, parent, value as object)
}

/** The class of an instance; what PHP has arrays and values for is none. */
function registeredFor(writer: Writer, value: unknown): RegisteredClass | undefined {
  const { classes } = writer.rules
  if (classes === undefined || typeof value !== 'object' || value === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === Object.prototype || prototype === null || Array.isArray(value)
  return isPlain || kindOf(value) !== undefined ? undefined : classFor(classes, value)
}

function openShared(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: Shared,
  byReference: boolean,
): WriteFrame | undefined {
  if (writeAgain(writer, identityOf(value), byReference)) return undefined
  return openFirst(writer, parent, value)
}

/** An instance of a registered class, shared like an object of PHP. */
function openInstance(
  writer: Writer,
  parent: WriteFrame | undefined,
  instance: Instance,
  byReference: boolean,
): WriteFrame | undefined {
  const { value } = instance
  const known = slotOf(writer, value) !== undefined
  const image = known ? undefined : imageOf(writer, instance)
  // PHP has each case of an enum once, whatever stands for it here.
  const identity = image !== undefined && 'caseName' in image ? identityOf(image) : value
  if (writeAgain(writer, identity, byReference) || image === undefined) return undefined
  return openFirst(writer, parent, image)
}

/** What PHP shares, in the first of its places. */
function openFirst(
  writer: Writer,
  parent: WriteFrame | undefined,
  value: Shared,
): WriteFrame | undefined {
  writer.slot += 1
  if ('members' in value) return openObject(writer, parent, value)
  if (writer.rules.readable) assertReadable(writer, value, value.className)
  if ('caseName' in value) writeEnum(writer, value)
  else writeSerializable(writer, value)
  return undefined
}

function openObject(
  writer: Writer,
  parent: WriteFrame | undefined,
  object: PhpObject,
): WriteFrame | undefined {
  const { className, entries } = partsOf(object)
  if (writer.rules.readable) assertReadable(writer, object, className)
  const frame = createWriteFrame(Shape.Object, object, entries.length)
  frame.entries = entries
  frame.className = className
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
