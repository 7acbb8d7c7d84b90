/** Whether JavaScript values are what the vectors describe. */
import { nameText } from '../../src/php/names.js'
import {
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import {
  floatOf,
  fromBase64,
  nameOf,
  type Entries,
  type Property,
  type Typed,
} from './typed-value.js'

/** What stands in the places that others refer to. */
type Slots = Map<number | undefined, unknown>

/** Whether a value that was read is what PHP has, what it shares included. */
export function matches(value: unknown, typed: Typed): boolean {
  return same(value, typed, new Map())
}

/** The same of a session. JavaScript puts names that look like integers first. */
export function matchesSession(data: SessionData, session: Typed): boolean {
  const slots: Slots = new Map()
  const entries = session.entries ?? []
  if (Object.keys(data).length !== entries.length) return false
  return entries.every(([key, value]) => {
    const name = textOf(key)
    return Object.hasOwn(data, name) && same(data[name], value, slots)
  })
}

function same(value: unknown, typed: Typed, slots: Slots): boolean {
  if (typed.t === 'ref') return isSame(value, slots.get(typed.to), typed.kind)
  if (typed.slot !== undefined) slots.set(typed.slot, value)
  const held = unwrap(value)
  return isScalar(typed) ? sameScalar(held, typed) : sameParts(held, typed, slots)
}

/** An object is the same in every place; what is not one is shared by a `PhpReference`. */
function isSame(value: unknown, target: unknown, kind: Typed['kind']): boolean {
  const [found, expected] = [unwrap(value), unwrap(target)]
  if (found instanceof PhpEnum && expected instanceof PhpEnum) {
    return found.className === expected.className && found.caseName === expected.caseName
  }
  const isObject = found instanceof PhpObject || found instanceof PhpSerializable
  if (kind === 'r') return isObject && found === expected
  return found === expected && (isObject || (value instanceof PhpReference && value === target))
}

const unwrap = (value: unknown): unknown => (value instanceof PhpReference ? value.value : value)

function isScalar({ t }: Typed): boolean {
  return ['null', 'bool', 'int', 'float', 'string', 'resource'].includes(t)
}

function sameScalar(value: unknown, typed: Typed): boolean {
  switch (typed.t) {
    case 'null':
      return value === null
    case 'bool':
      return value === typed.v
    case 'int':
      return (typeof value === 'number' || typeof value === 'bigint') && `${value}` === typed.v
    case 'float':
      return sameFloat(value instanceof PhpFloat ? value.value : value, floatOf(typed.v))
    case 'resource':
      return value === 0
    default:
      return isText(value) && Buffer.from(value).equals(fromBase64(typed.b64 ?? ''))
  }
}

function sameFloat(value: unknown, float: number): boolean {
  return typeof value === 'number' && Object.is(value, float)
}

function isText(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}

function sameParts(value: unknown, typed: Typed, slots: Slots): boolean {
  const className = nameOf(typed.class)
  switch (typed.t) {
    case 'enum':
      return isOf(PhpEnum, value, className) && value.caseName === nameOf(typed.case)
    case 'custom':
      return (
        isOf(PhpSerializable, value, className) &&
        Buffer.from(value.data).equals(fromBase64(typed.data_b64 ?? ''))
      )
    case 'object':
      return isOf(PhpObject, value, className) && sameObject(value, typed, slots)
    default:
      return sameEntries(entriesOf(value), typed.entries ?? [], slots)
  }
}

function isOf<T extends { readonly className: string }>(
  kind: abstract new (...parameters: never[]) => T,
  value: unknown,
  className: string,
): value is T {
  return value instanceof kind && value.className === className
}

function sameObject(object: PhpObject, typed: Typed, slots: Slots): boolean {
  const { props = [], entries = [] } = typed
  if (typed.magic !== undefined) return sameEntries([...object.members], entries, slots)
  if (object.members.size !== props.length) return false
  return object.properties().every(({ name, visibility, declaringClass, value }, index) => {
    const [expected, kind, child] = props[index] as Property
    const shown = declaringClass === undefined ? visibility : `${visibility}:${declaringClass}`
    return name === nameOf(expected) && shown === kind && same(value, child, slots)
  })
}

function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)]
  return typeof value === 'object' && value !== null ? Object.entries(value) : undefined
}

function sameEntries(
  found: readonly (readonly [unknown, unknown])[] | undefined,
  entries: Entries,
  slots: Slots,
): boolean {
  if (found?.length !== entries.length) return false
  return entries.every(([key, value], index) => {
    const [name, own] = found[index] as [unknown, unknown]
    return sameKey(name, key) && same(own, value, slots)
  })
}

/** Keys of objects and of lists are always strings in JavaScript. */
function sameKey(name: unknown, key: Typed): boolean {
  if (name instanceof Uint8Array) return Buffer.from(name).equals(fromBase64(key.b64 ?? ''))
  if (typeof name === 'string') return name === textOf(key)
  return key.t === 'int' && String(name) === String(key.v)
}

function textOf(key: Typed): string {
  return key.t === 'int' ? String(key.v) : nameText(fromBase64(key.b64 ?? ''))
}
