/**
 * `r:` and `R:`, which name another value by its slot.
 *
 * Every value but `R` takes a slot before it is read. A slot is a place, not a value: after a second
 * entry with the same key it holds what that entry brought. Slots cost time and memory, so the
 * first pass keeps none; the first reference it meets makes it start again with slots.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import { mapKey, peek, put, type Frame } from './frame.js'
import { isReference } from './identity.js'
import { createInstances } from './instances.js'
import type { PhpKey } from './keys.js'
import { createSlots, type Nests, type Slot, type SlotTable } from './slots.js'
import { byteAt, Digits, fail, readDigits, wrapped, type Reader } from './reader.js'
import { isShared, PhpReference, type PhpObject } from './values.js'

/** Thrown inside the reader only: this payload needs slots. */
export const NEEDS_SLOTS = Symbol('needs slots')

/** Gives the value that comes next its slot. */
export function takeSlot(reader: Reader, frame: Frame, name: PhpKey): void {
  // Equal bytes are one place, which is told by identity below.
  const key = mapKey(frame, name) as PhpKey
  frame.key = key
  if (byteAt(reader, reader.pos) !== Tag.Reference) reader.slots?.places.push({ frame, key })
}

/** `r:<slot>;`, the same object again. */
export function readSameObject(reader: Reader, frame: Frame): unknown {
  const slot = readSlot(reader)
  const value = slot !== undefined && !isHere(slot, frame) ? valueOf(slot) : undefined
  if (!isObject(reader, value)) fail(reader, reader.pos, 'the slot of an object')
  return value
}

/** Whether a value is an object for PHP. @throws {DecodeError} For one that cannot be had yet. */
function isObject(reader: Reader, value: unknown): boolean {
  const { instances } = reader
  if (instances?.awaited.has(value as PhpObject) === true) {
    fail(reader, reader.pos, 'no object within itself, as the codec of its class has no create(),')
  }
  return isShared(value) || instances?.known.has(value) === true
}

/**
 * `R:<slot>;`, the same place under a second name, held by a `PhpReference` in both places. Objects
 * are shared anyway: only exact mode tells a reference to one from the object.
 */
export function readReference(reader: Reader, frame: Frame): unknown {
  const slot = readSlot(reader)
  const value = slot !== undefined && !isHere(slot, frame) ? peek(slot.frame, slot.key) : undefined
  if (slot === undefined || value === undefined) fail(reader, reader.pos, 'the slot of a value')
  if (isReference(value)) return value
  if (isObject(reader, value) && !reader.rules.exact) return value
  const reference = new PhpReference(value)
  put(slot.frame, slot.key, reference)
  return reference
}

function readSlot(reader: Reader): Slot | undefined {
  const { pos: start, slots } = reader
  const slot = readSlotNumber(reader)
  if (slots === undefined) throw NEEDS_SLOTS
  slots.tokens.push({ start, end: reader.pos, slot })
  return slots.places[slot - 1]
}

/** `X:<slot>;` */
export function readSlotNumber(reader: Reader): number {
  const start = reader.pos
  const number = readDigits(reader, start + 2)
  const end = reader.pos
  if (
    end === start + 2 ||
    byteAt(reader, end) !== Byte.Semicolon ||
    byteAt(reader, start + 1) !== Byte.Colon
  ) {
    fail(reader, start, 'a slot')
  }
  reader.pos = end + 1
  return end - start - 2 > Digits.Exact ? wrapped(reader, start + 2, end) : number
}

/** Whether the slot is the very place that is being read. */
function isHere(slot: Slot, frame: Frame): boolean {
  return slot.frame === frame && slot.key === frame.key
}

function valueOf(slot: Slot): unknown {
  const value = peek(slot.frame, slot.key)
  return isReference(value) ? value.value : value
}

/** Reads without slots, and once more with them when a reference turns up. */
export function withSlotsIfNeeded<T>(reader: Reader, read: (reader: Reader) => T): T {
  try {
    return read(reader)
  } catch (thrown) {
    if (thrown !== NEEDS_SLOTS) throw thrown
    return readWithSlots(reader, read)
  }
}

/** Most classes that are tried one by one. */
const MAX_CLASSES = 4

/**
 * Reads with slots. Where a reference leads nowhere, text in the data of some class may only look
 * like values: it is read again without slots for the data of one class, for that of all, and with
 * slots for that of one class only.
 */
export function readWithSlots<T>(reader: Reader, read: (reader: Reader) => T): T {
  const slots = createSlots(() => true)
  try {
    return readSettled(atBeginning(reader, slots), read)
  } catch (error) {
    for (const nests of otherReadings(slots.finds.classes)) {
      try {
        return readSettled(atBeginning(reader, createSlots(nests)), read)
      } catch {
        // The first error is the one that says what is wrong.
      }
    }
    throw error
  }
}

/** The fewer values a class has in its data, the less likely they are any. */
function otherReadings(classes: ReadonlyMap<string, number>): Nests[] {
  const none: Nests = () => false
  const names = [...classes].sort(([, a], [, b]) => a - b).map(([name]) => name)
  if (names.length < 2) return names.map(() => none)
  const tried = names.slice(0, MAX_CLASSES)
  const without = tried.map(
    (name): Nests =>
      (className) =>
        className !== name,
  )
  const only = tried.map(
    (name): Nests =>
      (className) =>
        className === name,
  )
  return [...without, none, ...only]
}

function readSettled<T>(reader: Reader, read: (reader: Reader) => T): T {
  const result = read(reader)
  reader.slots?.finds.settle.forEach((settle) => settle())
  return result
}

/** A reader of the same payload, at its beginning. */
function atBeginning(reader: Reader, slots: SlotTable): Reader {
  const instances = reader.instances && createInstances()
  return { ...reader, pos: 0, depth: reader.rules.rootDepth, opened: undefined, slots, instances }
}
