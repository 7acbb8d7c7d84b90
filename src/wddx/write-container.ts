/**
 * What kind of value an object is, and the beginning of its element.
 *
 * @see ext/wddx/wddx.c, `php_wddx_serialize_array`, `php_wddx_serialize_object`
 * @module
 */
import { types } from 'node:util'
import { classOf, isPlainObject } from '../lib/plain-object.js'
import { isPhpInt } from '../php/keys.js'
import { isClassName } from '../php/members.js'
import { nameText } from '../php/names.js'
import { kindOf, type PhpFloat, type PhpObject, type PhpReference } from '../php/values.js'
import { CLASS_NAME } from './packet.js'
import { bytesElement, floatElement, scalarElement, stringElement } from './write-scalar.js'
import { refuse, type WriteLevel, type Writer } from './writer.js'

/** Writes a value without parts, or the beginning of a container. @returns The container. */
export function beginValue(writer: Writer, value: unknown): WriteLevel | undefined {
  const element = scalarElement(writer, value)
  if (element === undefined) return beginObject(writer, value as object)
  writer.out += element
  return undefined
}

function beginObject(writer: Writer, value: object): WriteLevel | undefined {
  if (Array.isArray(value)) return beginList(writer, value, value)
  const kind = kindOf(value)
  if (kind !== undefined) return beginKind(writer, value, kind)
  if (types.isUint8Array(value)) {
    writer.out += bytesElement(writer, value)
    return undefined
  }
  if (types.isMap(value)) return beginMap(writer, value)
  if (isPlainObject(value)) return beginRecord(writer, value)
  return refuse(writer, `an instance of ${classOf(value)}, which wddx cannot say`)
}

function beginKind(writer: Writer, value: object, kind: string): WriteLevel | undefined {
  if (kind === 'float') {
    writer.out += floatElement(writer, value as PhpFloat)
    return undefined
  }
  if (kind === 'enum') refuse(writer, 'an enum case, which PHP with wddx does not have')
  if (kind === 'serializable') refuse(writer, 'an object that serialized itself')
  if (writer.open.has(value)) refuse(writer, 'a cycle')
  if (writer.seen.has(value)) refuse(writer, `the same ${kind} in two places, which would be two`)
  writer.seen.add(value)
  if (kind === 'object') return beginPhpObject(writer, value as PhpObject)
  const held = (value as PhpReference).value
  if (isReference(held)) refuse(writer, 'a reference to a reference')
  return beginValue(writer, held)
}

/** Whether it is a reference of PHP. */
export function isReference(value: unknown): value is PhpReference {
  return typeof value === 'object' && value !== null && kindOf(value) === 'reference'
}

function beginList(
  writer: Writer,
  source: object,
  values: readonly unknown[],
): WriteLevel | undefined {
  writer.out += `<array length='${values.length}'>`
  if (values.length === 0) {
    writer.out += '</array>'
    return undefined
  }
  return enter(writer, { source, values, names: undefined })
}

function beginRecord(writer: Writer, source: object): WriteLevel | undefined {
  return beginEntries(writer, source, Object.entries(source))
}

function beginMap(writer: Writer, map: ReadonlyMap<unknown, unknown>): WriteLevel | undefined {
  const entries = Array.from(map, ([key, value]) => [nameOfKey(writer, key), value] as const)
  return beginEntries(writer, map, assertApart(writer, entries))
}

/** A key of a variable's name: a number, as text; see names.ts for bytes. */
function nameOfKey(writer: Writer, key: unknown): string {
  if (typeof key === 'string') return key
  if (Number.isSafeInteger(key)) return String(key)
  if (typeof key === 'bigint' && isPhpInt(key)) return String(key)
  if (types.isUint8Array(key)) return nameText(Buffer.from(key))
  return refuse(writer, 'a Map with a key that PHP does not have')
}

type Entry = readonly [name: string, value: unknown]

function assertApart(writer: Writer, entries: readonly Entry[]): readonly Entry[] {
  if (new Set(entries.map(([name]) => name)).size < entries.length) {
    refuse(writer, 'two keys that are the same in PHP')
  }
  return entries
}

/** An array of PHP: a list where its keys are 0 to n-1 in order, else a struct. */
function beginEntries(
  writer: Writer,
  source: object,
  entries: readonly Entry[],
): WriteLevel | undefined {
  const present = entries.filter(([, value]) => value !== undefined)
  const values = present.map(([, value]) => value)
  if (present.every(([name], index) => name === String(index))) {
    return beginList(writer, source, values)
  }
  writer.out += '<struct>'
  return enter(writer, { source, values, names: present.map(([name]) => name) })
}

/** PHP differs: it drops who may see a property, so the property would come back as another one. */
function beginPhpObject(writer: Writer, object: PhpObject): WriteLevel | undefined {
  const entries = Array.from(object.members, ([key, value]) => [String(key), value] as const)
  const present = assertApart(writer, entries).filter(([, value]) => value !== undefined)
  if (present.some(([name]) => name.startsWith('\0'))) {
    refuse(writer, 'a property that is not public, which it would become')
  }
  if (!isClassName(object.className)) refuse(writer, 'the name of a class that PHP cannot have')
  writer.out += `<struct><var name='${CLASS_NAME}'>${stringElement(writer, object.className)}</var>`
  return enter(writer, {
    source: object,
    values: present.map(([, value]) => value),
    names: present.map(([name]) => name),
  })
}

/** The frame of a container whose beginning was written. */
function enter(
  writer: Writer,
  { source, values, names }: Pick<WriteLevel, 'source' | 'values' | 'names'>,
): WriteLevel {
  const parent = writer.level
  const depth = parent === undefined ? 1 : parent.depth + 1
  const { maxDepth } = writer.rules
  if (writer.open.has(source)) refuse(writer, 'a cycle')
  if (depth > maxDepth && values.length > 0) refuse(writer, `nesting deeper than ${maxDepth}`)
  writer.open.add(source)
  return { source, values, names, parent, depth, index: 0 }
}
