/**
 * Values within the data of an object that serialized itself.
 *
 * Such a class mostly calls `serialize()` for its parts, and PHP goes on counting slots in them, so
 * that references lead into the data and out of it. What a class really does is in its code; data
 * that is nothing but serialized values, between the marks that PHP's own classes put there, is taken
 * for that.
 *
 * @module
 */
import { DecodeError } from '../errors.js'
import { Byte } from './codes.js'
import { defaultRules } from './codec-options.js'
import { createFrame, Kind, peek, type Frame } from './frame.js'
import type { PhpKey } from './keys.js'
import { identityAt } from './identity.js'
import { createReader, type Reader } from './reader.js'
import { createSlots, type Slot, type SlotTable, type Token } from './slots.js'
import type { PhpSerializable } from './values.js'

/** Reads one value into a frame; given, as it is what reads the objects these are. */
type ReadValue = (reader: Reader, holder: Frame, key: PhpKey) => void

/** What stands in the data of one object. */
export interface Nested {
  /** What the values share with others, in the order of their slots; see `identityAt`. */
  readonly identities: readonly unknown[]
  /** References in the data. */
  readonly links: readonly Link[]
}

/** One reference in the data. */
export interface Link extends Token {
  /** Slots from the object itself on, where it leads to that object or to what is within. */
  readonly within: number | undefined
  /** What it leads to elsewhere; `undefined` for what nothing can refer to. */
  readonly identity: unknown
}

const NOTHING: Nested = { identities: [], links: [] }

/** How deep data within data is looked at: every level costs its size again. */
const MAX_LEVEL = 8

/** Known for objects that were read together with references. */
const known = new WeakMap<PhpSerializable, Nested>()

const RULES = defaultRules('serializable')

/** Text of a reference; only data with one makes a payload need slots. */
const TOKEN = /[rR]:\d+;/

export function hasToken({ data }: PhpSerializable): boolean {
  return TOKEN.test(Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1'))
}

/** Gives slots to the values in the data of an object that was just read, and remembers them. */
export function takeNested(reader: Reader, value: PhpSerializable, read: ReadValue): void {
  const { slots } = reader
  if (slots === undefined) return
  const { places, finds } = slots
  const base = places.length
  const tokens = readAll({ ...reader, slots }, value, read)
  if (tokens === undefined) places.length = base
  const end = places.length
  finds.values += end - base
  const count = (finds.classes.get(value.className) ?? 0) + end - base
  if (count > 0) finds.classes.set(value.className, count)
  finds.tokens += tokens?.length ?? 0
  // What stands at a place is certain only when all is read, and until someone changes it.
  const range = { base, end, tokens: tokens ?? [], instances: reader.instances?.known }
  finds.settle.push(() => known.set(value, describe(places, range)))
}

/** What is in the data of an object; read now where it was not read together with references. */
export function nestedOf(value: PhpSerializable, read: ReadValue): Nested {
  const found = known.get(value)
  if (found !== undefined) return found
  const slots = createSlots(() => true)
  const tokens = readAll({ rules: RULES, instances: undefined, slots }, value, read)
  if (tokens === undefined) return NOTHING
  const { places } = slots
  // Slots within are the only ones there are: references would lead elsewhere.
  return describe(places, { base: 0, end: places.length, tokens: [], instances: undefined })
}

/** Where the data of an object begins and ends among the slots. */
interface Range {
  readonly base: number
  readonly end: number
  readonly tokens: readonly Token[]
  readonly instances: ReadonlySet<unknown> | undefined
}

function describe(places: readonly Slot[], range: Range): Nested {
  const { base, end, tokens, instances } = range
  const identityOf = (place: Slot | undefined): unknown =>
    place === undefined ? undefined : identityAt(peek(place.frame, place.key), instances)
  const links = tokens.map((token) => {
    const isWithin = token.slot >= base && token.slot <= end
    const within = isWithin ? token.slot - base : undefined
    return { ...token, within, identity: identityOf(places[token.slot - 1]) }
  })
  return { identities: places.slice(base, end).map(identityOf), links }
}

/** What the data is read with, beside its bytes. */
interface Around extends Pick<Reader, 'rules' | 'instances'> {
  readonly slots: SlotTable
}

/** @returns The references in the data; `undefined` where the data is something else. */
function readAll(
  { rules, instances, slots }: Around,
  { className, data }: PhpSerializable,
  read: ReadValue,
) {
  if (slots.level === MAX_LEVEL || !slots.nests(className)) return undefined
  const tokens: Token[] = []
  const inner = { ...slots, tokens, level: slots.level + 1 }
  const reader = { ...createReader(data, rules), instances, slots: inner }
  try {
    return readSequence(reader, read) ? tokens : undefined
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return undefined
  }
}

/** Values, one behind the other. */
function readSequence(reader: Reader, read: ReadValue): boolean {
  const holder = createFrame(Kind.List, [], 0)
  let count = 0
  for (skipMarks(reader); reader.pos < reader.bytes.length; skipMarks(reader)) {
    read(reader, holder, count)
    count += 1
  }
  return count > 0
}

const enum Mark {
  Comma = 0x2c,
  Members = 0x6d,
  Flags = 0x78,
}

/** `x:`, `m:`, `;`, `,` and `:`, which `ArrayObject` and other classes of SPL put between values. */
function skipMarks(reader: Reader): void {
  const { bytes } = reader
  for (;;) {
    const code = bytes[reader.pos]
    if (code === Byte.Semicolon || code === Mark.Comma || code === Byte.Colon) reader.pos += 1
    else if ((code === Mark.Flags || code === Mark.Members) && bytes[reader.pos + 1] === Byte.Colon)
      reader.pos += 2
    else return
  }
}
