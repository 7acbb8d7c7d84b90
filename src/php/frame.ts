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

/** Kinds of containers; numbers, because the reader asks at every value. */
export const KIND = { list: 0, record: 1, map: 2, object: 3 } as const

type Kind = (typeof KIND)[keyof typeof KIND]

/** An object without a prototype, so that every key is only data. */
export type PlainRecord = Record<string | number, unknown>

/** One container that is being read, or was. */
export interface Frame {
  kind: Kind
  list: unknown[]
  record: PlainRecord
  map: Map<unknown, unknown>
  object: PhpObject | undefined
  /** How many entries are still to come. */
  left: number
  /** Highest index among the keys of a record; -1 before the first, `Infinity` behind a name. */
  last: number
  /** Keys of a map that are bytes, by content. */
  binary: Map<string, Uint8Array> | undefined
  /** The container this one is in, and where. */
  parent: Frame | undefined
  key: PhpKey
}

const NO_LIST: unknown[] = Object.freeze([]) as never
const NO_RECORD: PlainRecord = Object.freeze(Object.create(null)) as PlainRecord
const NO_MAP: Map<unknown, unknown> = new Map()

/** A frame of no container yet. */
export function createFrame(kind: Kind, left: number): Frame {
  return {
    kind,
    list: kind === KIND.list ? [] : NO_LIST,
    record: kind === KIND.record ? createRecord() : NO_RECORD,
    map: NO_MAP,
    object: undefined,
    left,
    last: -1,
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
  return { ...createFrame(KIND.list, 0), kind: KIND.record, list: NO_LIST, record, last: Infinity }
}

/** What the application will see of the container, as far as it is read. */
export function targetOf(frame: Frame): unknown {
  if (frame.kind === KIND.list) return frame.list
  if (frame.kind === KIND.record) return frame.record
  return frame.kind === KIND.map ? frame.map : frame.object
}

/** Sets an entry; a key that is there already keeps its place, as in PHP. */
export function put(frame: Frame, key: PhpKey, value: unknown): void {
  if (frame.kind === KIND.list) frame.list[key as number] = value
  else if (frame.kind === KIND.record) putInRecord(frame, key, value)
  else if (frame.kind === KIND.map) frame.map.set(mapKey(frame, key), value)
  else (frame.object as PhpObject).members.set(key as string, value)
}

/** The value of an entry; `undefined` where there is none yet. */
export function peek(frame: Frame, key: PhpKey): unknown {
  if (frame.kind === KIND.list) return frame.list[key as number]
  if (frame.kind === KIND.record) return frame.record[String(key)]
  if (frame.kind === KIND.map) return frame.map.get(mapKey(frame, key))
  return (frame.object as PhpObject).members.get(key as string)
}

function putInRecord(frame: Frame, key: PhpKey, value: unknown): void {
  if (!keepsOrder(frame, key)) {
    becomeMap(frame)
    frame.map.set(mapKey(frame, key), value)
  } else if (typeof key === 'number') frame.record[key] = value
  else frame.record[String(key)] = value
}

/** Whether an object lists this key where PHP does: indexes come first, in ascending order. */
function keepsOrder(frame: Frame, key: PhpKey): boolean {
  if (typeof key === 'string') {
    frame.last = Infinity
    return true
  }
  if (typeof key === 'object') return false
  if (typeof key === 'bigint' || key < 0 || key > MAX_INDEX) {
    frame.last = Infinity
    return true
  }
  if (key <= frame.last) return Object.hasOwn(frame.record, key)
  frame.last = key
  return true
}

/** A list whose next key is not its length goes on as a record. */
export function becomeRecord(frame: Frame): void {
  const record = createRecord()
  frame.list.forEach((value, index) => (record[index] = value))
  frame.kind = KIND.record
  frame.record = record
  frame.last = frame.list.length - 1
  frame.list = NO_LIST
}

function becomeMap(frame: Frame): void {
  const entries = Object.entries(frame.record)
  frame.kind = KIND.map
  frame.map = new Map(entries.map(([key, value]) => [integerKey(key) ?? key, value]))
  frame.record = NO_RECORD
}

/** A record with the keys 0 to n-1 is a list that was written in another way. */
export function settleRecord(frame: Frame): void {
  const { record, last } = frame
  if (last === Infinity || !Object.hasOwn(record, 0)) return
  const values = Object.values(record)
  if (values.length !== last + 1) return
  frame.kind = KIND.list
  frame.list = values
}

/** The same bytes are the same key, though each read makes new ones. */
function mapKey(frame: Frame, key: PhpKey): unknown {
  if (typeof key !== 'object') return key
  const binary = (frame.binary ??= new Map())
  const content = Buffer.from(key).toString('latin1')
  const known = binary.get(content)
  if (known !== undefined) return known
  binary.set(content, key)
  return key
}
