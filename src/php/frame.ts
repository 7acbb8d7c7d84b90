/**
 * Containers while they are read: what is in them so far, and what JavaScript will see.
 *
 * A PHP array begins as a list or a record and becomes what its keys ask for: an `Array` for the keys
 * 0 to n-1 in order, an object where JavaScript keeps the order of the keys, else a `Map`.
 *
 * @module
 */
import { MAX_INDEX, integerKey, type PhpKey } from './keys.js'
import type { PhpObject } from './values.js'

/** Kinds of containers. */
export const enum Kind {
  List,
  Record,
  Map,
  Object,
}

/** An object without a prototype, so that every key is only data. */
export type PlainRecord = Record<string | number, unknown>

/**
 * One container that is being read, or was. Few fields, as every container costs one; which type
 * `target` has follows from `kind`, and the functions below are how to ask.
 */
export interface Frame {
  kind: Kind
  /** An `Array`, a `PlainRecord`, a `Map` or a `PhpObject`. */
  target: object
  /** How many entries are still to come. */
  left: number
  /** Highest index among the keys of a record; -1 before the first. */
  last: number
  /** Whether a record has a key that is no index: no new index may follow. */
  named: boolean
  /** Keys of a map that are bytes, by content. */
  binary: Map<string, Uint8Array> | undefined
  /** The container this one is in. */
  parent: Frame | undefined
  /** The entry that is being read. */
  key: PhpKey
}

/** A frame over a container. */
export function createFrame(kind: Kind, target: object, left: number): Frame {
  return {
    kind,
    target,
    left,
    last: -1,
    named: false,
    binary: undefined,
    parent: undefined,
    key: 0,
  }
}

/**
 * An empty object without a prototype.
 *
 * `Object.create(null)` is a hash table to V8 from the start; this one gets shapes like any other
 * object and is filled and read about twice as fast (tests/bench/php-codec.bench.ts).
 */
export function createRecord(): PlainRecord {
  return Object.setPrototypeOf({}, null) as PlainRecord
}

/** A frame over variables that are kept by name, whatever the names look like. */
export function createHolder(record: PlainRecord): Frame {
  const frame = createFrame(Kind.Record, record, 0)
  frame.named = true
  return frame
}

/** The container of a list frame. */
export function listOf(frame: Frame): unknown[] {
  return frame.target as unknown[]
}

/** The container of a record frame. */
export function recordOf(frame: Frame): PlainRecord {
  return frame.target as PlainRecord
}

function mapOf(frame: Frame): Map<unknown, unknown> {
  return frame.target as Map<unknown, unknown>
}

function membersOf(frame: Frame): Map<unknown, unknown> {
  return (frame.target as PhpObject).members as Map<unknown, unknown>
}

/** Sets an entry; a key that is there already keeps its place, as in PHP. */
export function put(frame: Frame, key: PhpKey, value: unknown): void {
  if (frame.kind === Kind.List) listOf(frame)[key as number] = value
  else if (frame.kind === Kind.Record) putInRecord(frame, key, value)
  else if (frame.kind === Kind.Map) mapOf(frame).set(mapKey(frame, key), value)
  else membersOf(frame).set(key, value)
}

/** The value of an entry; `undefined` where there is none yet. */
export function peek(frame: Frame, key: PhpKey): unknown {
  if (frame.kind === Kind.List) return listOf(frame)[key as number]
  if (frame.kind === Kind.Record) return recordOf(frame)[String(key)]
  return frame.kind === Kind.Map ? mapOf(frame).get(mapKey(frame, key)) : membersOf(frame).get(key)
}

function putInRecord(frame: Frame, key: PhpKey, value: unknown): void {
  if (!keepsOrder(frame, key)) {
    becomeMap(frame)
    mapOf(frame).set(mapKey(frame, key), value)
  } else if (typeof key === 'number') recordOf(frame)[key] = value
  else recordOf(frame)[String(key)] = value
}

/** Whether an object lists this key where PHP does: indexes come first, in ascending order. */
function keepsOrder(frame: Frame, key: PhpKey): boolean {
  if (typeof key === 'object') return false
  if (typeof key !== 'number' || key < 0 || key > MAX_INDEX) {
    frame.named = true
    return true
  }
  if (frame.named || key <= frame.last) return Object.hasOwn(frame.target, key)
  frame.last = key
  return true
}

/** A list whose next key is not its length goes on as a record. */
export function becomeRecord(frame: Frame): void {
  const list = listOf(frame)
  const record = createRecord()
  list.forEach((value, index) => (record[index] = value))
  frame.kind = Kind.Record
  frame.target = record
  frame.last = list.length - 1
}

function becomeMap(frame: Frame): void {
  const entries = Object.entries(recordOf(frame))
  frame.kind = Kind.Map
  frame.target = new Map(entries.map(([key, value]) => [integerKey(key) ?? key, value]))
}

/** A record with the keys 0 to n-1 is a list that was written in another way. */
export function settleRecord(frame: Frame): void {
  if (frame.named || !Object.hasOwn(frame.target, 0)) return
  const values = Object.values(recordOf(frame))
  if (values.length !== frame.last + 1) return
  frame.kind = Kind.List
  frame.target = values
}

/** The same bytes are the same key, though each read makes new ones. */
export function mapKey(frame: Frame, key: PhpKey): unknown {
  if (typeof key !== 'object') return key
  const binary = (frame.binary ??= new Map())
  const content = Buffer.from(key).toString('latin1')
  const known = binary.get(content)
  if (known !== undefined) return known
  binary.set(content, key)
  return key
}
