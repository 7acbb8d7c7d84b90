/**
 * What the classes of PHP check in the data they are made from.
 *
 * @see ext/date/php_date.c; ext/spl/spl_array.c, spl_dllist.c, spl_observer.c; Zend/zend_exceptions.c
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { isPlainObject } from '../lib/plain-object.js'
import { builtInName, ITERATORS, THROWABLES } from './builtin-names.js'
import { refusesDate } from './date-words.js'
import { findZone, identifiedZone, isZone } from './time-zones.js'
import { kindOf, type PhpObject } from './values.js'

type Members = PhpObject['members']

/** Whether a class takes these members. */
export type DataCheck = (members: Members) => boolean

/** Whether a value has a type. A reference never has: PHP looks at the place, not behind it. */
type TypeCheck = (value: unknown) => boolean

const isInt: TypeCheck = (value) => Number.isInteger(value) || typeof value === 'bigint'
const isBool: TypeCheck = (value) => typeof value === 'boolean'
const isString: TypeCheck = (value) => typeof value === 'string' || value instanceof Uint8Array
const isNull: TypeCheck = (value) => value === null

const isArray: TypeCheck = (value) =>
  Array.isArray(value) || value instanceof Map || (isObjectLike(value) && isPlainObject(value))

/** Any object of PHP: what a codec made of one, too. */
const isObject: TypeCheck = (value) =>
  isObjectLike(value) &&
  !isArray(value) &&
  !isString(value) &&
  !['reference', 'float'].includes(String(kindOf(value)))

function isObjectLike(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The class of an object where it is one of PHP's own, else nothing; what a codec made has none. */
function builtInOf(value: unknown): string {
  return builtInName((value as Partial<PhpObject>).className ?? '')
}

/** An object of one of these classes, or of one that a program declares and that may extend them. */
function isOneOf(classes: ReadonlySet<string>): TypeCheck {
  return (value) => {
    if (!isObject(value) || kindOf(value as object) === 'enum') return false
    const name = builtInOf(value)
    return name === '' || classes.has(name)
  }
}

const isDateObject = isOneOf(new Set(['datetime', 'datetimeimmutable']))
const isThrowable = isOneOf(THROWABLES)

/** No class that extends `DateInterval` will do. */
const isInterval: TypeCheck = (value) =>
  isObject(value) && (kindOf(value as object) === undefined || builtInOf(value) === 'dateinterval')

const orNull =
  (check: TypeCheck): TypeCheck =>
  (value) =>
    isNull(value) || check(value)

/** Members by their names or numbers: all have to be there. A text of digits is a number. */
function hasAll(types: Readonly<Record<string, TypeCheck>>): DataCheck {
  const entries = Object.entries(types)
  return (members) => entries.every(([key, check]) => check(memberOf(members, key)))
}

function memberOf(members: Members, key: string): unknown {
  const number = Number(key)
  return members.has(number) ? members.get(number) : members.get(key)
}

const hasDate = hasAll({ date: isString, timezone_type: isInt, timezone: isString })

const checkDate: DataCheck = (members) => {
  const zone = textOf(members.get('timezone'))
  if (!hasDate(members) || refusesDate(textOf(members.get('date')))) return false
  const type = Number(members.get('timezone_type'))
  if (type === 3) return identifiedZone(zone) !== undefined
  // PHP reads the zone behind the date, where any text may stand that says when.
  return (type === 1 || type === 2) && (findZone(zone) !== undefined || !refusesDate(zone))
}

const hasZone = hasAll({ timezone_type: isInt, timezone: isString })

/** The type says nothing here: PHP finds it out from the text. */
const checkZone: DataCheck = (members) =>
  hasZone(members) && isZone(textOf(members.get('timezone')))

/** Bytes that are no text stand for themselves with a letter that no date and no zone has. */
function textOf(value: unknown): string {
  return plainText(value) ?? '\x80'
}

/** The text of a string, which may be there as bytes. */
function plainText(value: unknown): string | undefined {
  if (value instanceof Uint8Array && isUtf8(value)) return Buffer.from(value).toString('utf8')
  return typeof value === 'string' ? value : undefined
}

const hasPeriod = hasAll({
  start: orNull(isDateObject),
  current: orNull(isDateObject),
  end: orNull(isDateObject),
  interval: isInterval,
  recurrences: (value) => isInt(value) && Number(value) >= 0 && Number(value) < 2 ** 31,
  include_start_date: isBool,
})

/** PHP differs: 8.2 wants `include_end_date`, which older versions do not write. */
const checkPeriod: DataCheck = (members) =>
  hasPeriod(members) &&
  (!members.has('include_end_date') || isBool(members.get('include_end_date')))

const hasArray = hasAll({ 0: isInt, 1: (value) => value !== undefined, 2: isArray })

/** The array is the object itself: what is stored does not matter. */
const IS_SELF = 0x100_0000n

/** Objects that keep their properties in another way than others do. */
const OVERLOADED = new Set(['dateinterval', 'splfixedarray'])

const checkArray: DataCheck = (members) => {
  if (!hasArray(members) || !isIteratorName(memberOf(members, '3') ?? null)) return false
  const storage = memberOf(members, '1')
  const isSelf = (BigInt(memberOf(members, '0') as number | bigint) & IS_SELF) !== 0n
  return isSelf || isArray(storage) || (isObject(storage) && !OVERLOADED.has(builtInOf(storage)))
}

/** A class that only a program declares may well be an iterator. */
function isIteratorName(value: unknown): boolean {
  if (isNull(value)) return true
  const text = plainText(value) ?? ''
  if (text === '') return false
  const name = builtInName(text.replace(/^\\/, ''))
  return name === '' || ITERATORS.has(name)
}

const hasStorage = hasAll({ 0: isArray, 1: isArray })

/** Objects and what belongs to them, in turn. */
const checkStorage: DataCheck = (members) => {
  if (!hasStorage(members)) return false
  const values = valuesOf(memberOf(members, '0') as object)
  return values.length % 2 === 0 && values.every((value, at) => at % 2 === 1 || isObject(value))
}

function valuesOf(array: object): unknown[] {
  return array instanceof Map
    ? [...(array as Map<unknown, unknown>).values()]
    : Object.values(array)
}

const checkList = hasAll({ 0: isInt, 1: isArray, 2: isArray })

/** Typed properties: each may be missing, and has any visibility. */
function hasTypes(types: Readonly<Record<string, TypeCheck>>): DataCheck {
  return (members) => {
    for (const [key, value] of members) {
      const name = String(key).replace(/^\0(?:\*|exception|error)\0/i, '')
      if (Object.hasOwn(types, name) && types[name]?.(behind(value)) === false) return false
    }
    return true
  }
}

/** Types hold for what a reference refers to. */
function behind(value: unknown): unknown {
  if (!isObjectLike(value) || kindOf(value) !== 'reference') return value
  return (value as { value?: unknown }).value
}

const checkThrowable = hasTypes({
  string: isString,
  file: isString,
  line: isInt,
  trace: isArray,
  previous: orNull(isThrowable),
  severity: isInt,
})

const isEngine = hasAll({ 0: isArray, 1: isArray })

/** By the name of the class in lower case. Classes that are not here take any data. */
export const DATA_CHECKS: ReadonlyMap<string, DataCheck> = new Map([
  ...[...THROWABLES].map((name) => [name, checkThrowable] as const),
  ...['datetime', 'datetimeimmutable'].map((name) => [name, checkDate] as const),
  ['datetimezone', checkZone],
  ['dateperiod', checkPeriod],
  ...['arrayobject', 'arrayiterator', 'recursivearrayiterator'].map(
    (name) => [name, checkArray] as const,
  ),
  ...['spldoublylinkedlist', 'splqueue', 'splstack'].map((name) => [name, checkList] as const),
  ['splobjectstorage', checkStorage],
  ['hashcontext', hasAll({ 0: isString, 1: isInt, 2: isArray, 3: isInt, 4: isArray })],
  ['random\\randomizer', hasAll({ 0: isArray })],
  ...['mt19937', 'pcgoneseq128xslrr64', 'xoshiro256starstar'].map(
    (name) => [`random\\engine\\${name}`, isEngine] as const,
  ),
])

/** How the bytes of a class begin that it wrote by itself before PHP 7.4: with its flags. */
export const OLD_DATA: ReadonlyMap<string, RegExp> = new Map([
  ...['arrayobject', 'arrayiterator', 'recursivearrayiterator'].map(
    (name) => [name, /^x:i:[+-]?\d+;[aOCrm]/] as const,
  ),
  ...['spldoublylinkedlist', 'splqueue', 'splstack'].map(
    (name) => [name, /^i:[+-]?\d+;(?::|$)/] as const,
  ),
  ['splobjectstorage', /^x:i:\+?\d+;[OCrm]/],
])
