/**
 * Containers while they are read, and how values get into them.
 *
 * @see ext/wddx/wddx.c, `php_wddx_pop_element`
 * @module
 */
import { createFrame, createRecord, Kind, listOf, put, type Frame } from '../php/frame.js'
import { integerKey } from '../php/keys.js'
import { isClassName } from '../php/members.js'
import { PhpObject } from '../php/values.js'
import { CLASS_NAME, fail } from './packet.js'

/** What a container is: the variables of the session, or an element. */
export type Place = 'variables' | 'array' | 'struct' | 'recordset' | 'field'

/** One container that is being read. */
export interface Level {
  readonly place: Place
  /** A list for an array and a field; else a record, or what its keys made of it. */
  readonly frame: Frame
  /** What the struct is once its class was read. */
  object: PhpObject | undefined
  /** The lists of a recordset, by the names of its fields. */
  fields: ReadonlyMap<string, unknown[]> | undefined
  readonly parent: Level | undefined
  /** 0 for the variables. */
  readonly depth: number
  /** Where it begins. */
  readonly start: number
  /** Of the variable that is being read. */
  name: string
  /** What its name means: that of the last variable with a value. */
  key: number | bigint | string
  /** The index of a value without a name; `undefined` when there is none left. */
  next: number | bigint | undefined
}

/** A container within another one; `start` is where it begins. */
export function createLevel(place: Place, parent: Level, start: number): Level {
  const frame = place === 'array' ? listFrame([]) : createFrame(Kind.Record, createRecord(), 0)
  return levelOf(place, frame, { parent, start })
}

/** The field of a recordset, whose list is there already. */
export function createField(parent: Level, list: unknown[], start: number): Level {
  return levelOf('field', listFrame(list), { parent, start })
}

/** The outermost one. */
export function createVariables(frame: Frame): Level {
  return levelOf('variables', frame, { parent: undefined, start: 0 })
}

function levelOf(
  place: Place,
  frame: Frame,
  { parent, start }: Pick<Level, 'parent' | 'start'>,
): Level {
  return {
    place,
    frame,
    object: undefined,
    fields: undefined,
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
    start,
    name: '',
    key: 0,
    next: 0,
  }
}

function listFrame(list: unknown[]): Frame {
  return createFrame(Kind.List, list, 0)
}

/** Adds a value as PHP would; `offset` is where it begins. */
export function addValue(level: Level, value: unknown, offset: number): void {
  const { place, frame, object } = level
  if (frame.kind === Kind.List) listOf(frame).push(value)
  else if (namesClass(level, value)) becomeObject(level, value, offset)
  else {
    const key = takeKey(level, offset)
    // Variables and properties have names, whatever these look like.
    if (object !== undefined) object.members.set(String(key), value)
    else put(frame, place === 'variables' ? String(key) : key, value)
  }
}

/** The key of the variable that is being read; PHP numbers those that have no name. */
export function takeKey(level: Level, offset: number): Level['key'] {
  const { name, next } = level
  const key = name === '' ? next : (integerKey(name) ?? name)
  if (key === undefined) fail(offset, 'a variable with a name')
  if (typeof key !== 'string' && next !== undefined && key >= next) level.next = after(key)
  level.key = key
  return key
}

function after(key: number | bigint): number | bigint | undefined {
  if (typeof key === 'number' && key < Number.MAX_SAFE_INTEGER) return key + 1
  return integerKey(String(BigInt(key) + 1n))
}

/** Whether PHP makes an object of the struct now: by the first text of that name, in any place. */
function namesClass({ name }: Level, value: unknown): value is string | Uint8Array {
  if (name !== CLASS_NAME) return false
  return typeof value === 'string' ? value !== '' : value instanceof Uint8Array && value.length > 0
}

/** PHP differs: it knows classes by small letters, and makes a property of a second class. */
function becomeObject(level: Level, className: string | Uint8Array, offset: number): void {
  if (level.place === 'variables') fail(offset, 'variables, not an object')
  if (level.object !== undefined) fail(offset, 'a class only once')
  if (typeof className !== 'string' || !isClassName(className)) fail(offset, 'the name of a class')
  const { kind, target } = level.frame
  const entries =
    kind === Kind.Map ? [...(target as Map<unknown, unknown>)] : Object.entries(target)
  level.object = new PhpObject(className)
  for (const [key, value] of entries) level.object.members.set(String(key), value)
}
