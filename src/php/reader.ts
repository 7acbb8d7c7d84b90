/**
 * What reads PHP's serialized bytes: a position, and the few moves every value is made of.
 *
 * The payload is kept twice: as bytes, which are compared and counted, and as latin-1 text, of which
 * ASCII strings are cut without another copy; an index means the same in both.
 *
 * @module
 */
import { constants, isAscii, isUtf8 } from 'node:buffer'
import { DecodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import { Byte } from './codes.js'
import type { ReadRules } from './codec-options.js'
import type { Frame } from './frame.js'
import { createInstances, type Instances } from './instances.js'
import type { SlotTable } from './slots.js'

/** What the bytes of a payload are; found out when the first string is read. */
export const enum Coding {
  Unknown,
  Ascii,
  /** Whatever lies between two quotes is UTF-8, too. */
  Utf8,
  Binary,
}

/** One pass over one payload. */
export interface Reader {
  readonly rules: ReadRules
  readonly bytes: Buffer
  /** One character per byte; made when the first ASCII string is cut out of it. See `textOf`. */
  text: string | undefined
  coding: Coding
  /** The next byte to read. */
  pos: number
  /** How many containers are open. */
  depth: number
  /** The container that was opened last. */
  opened: Frame | undefined
  /** Where the values read so far are; only kept once the payload is known to have references. */
  readonly slots: SlotTable | undefined
  /** Instances of registered classes; only kept where there are such classes. */
  readonly instances: Instances | undefined
}

/** @throws {DecodeError} When there are more bytes than allowed, or than a string can hold. */
export function createReader(payload: Payload, rules: ReadRules): Reader {
  const limit = Math.min(rules.maxLength, constants.MAX_STRING_LENGTH)
  if (payload.length > limit) throw new DecodeError(rules.format, limit, 'the end of the data')
  return {
    rules,
    bytes: asBuffer(payload),
    text: undefined,
    coding: Coding.Unknown,
    pos: 0,
    depth: rules.rootDepth,
    opened: undefined,
    slots: undefined,
    instances: rules.classes === undefined ? undefined : createInstances(),
  }
}

/** The payload as latin-1. What is refused early never pays for it. */
export function textOf(reader: Reader): string {
  return reader.text ?? loadText(reader)
}

function loadText(reader: Reader): string {
  const text = reader.bytes.toString('latin1')
  reader.text = text
  return text
}

/** What the payload is. What is refused early never pays for that either. */
export function codingOf(reader: Reader): Coding {
  return reader.coding === Coding.Unknown ? findCoding(reader) : reader.coding
}

function findCoding(reader: Reader): Coding {
  const { bytes } = reader
  reader.coding = isAscii(bytes) ? Coding.Ascii : isUtf8(bytes) ? Coding.Utf8 : Coding.Binary
  return reader.coding
}

/** The same memory with the methods of a `Buffer`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** @throws {DecodeError} Always. The message says what was expected, never what was found. */
export function fail(reader: Reader, offset: number, expected: string, cause?: unknown): never {
  const options = cause === undefined ? undefined : { cause }
  throw new DecodeError(reader.rules.format, offset, expected, options)
}

/** A byte; beyond the end something that equals no byte. */
export function byteAt(reader: Reader, at: number): number {
  return reader.bytes[at] as number
}

/** Takes one byte. */
export function expectByte(reader: Reader, code: number, expected: string): void {
  if (byteAt(reader, reader.pos) !== code) fail(reader, reader.pos, expected)
  reader.pos += 1
}

/** Longest run of digits whose value is exact in a double. */
export const enum Digits {
  Exact = 15,
}

/** The value of the digits from here, 0 without any; stops behind them. Inexact beyond 15 digits. */
export function readDigits(reader: Reader, from: number): number {
  const { bytes } = reader
  let at = from
  let value = 0
  let code = bytes[at] as number
  while (code >= Byte.Zero && code <= Byte.Nine) {
    value = value * 10 + (code - Byte.Zero)
    at += 1
    code = bytes[at] as number
  }
  reader.pos = at
  return value
}

/**
 * Reads `X:<length>:"<bytes>"` and the byte behind it; ends there, so the bytes end two before.
 *
 * Written out in one function, because every string and every key runs through it.
 *
 * @param follow The byte behind the closing quote.
 * @param least The shortest that is taken.
 * @returns Where the bytes begin.
 */
export function readQuoted(reader: Reader, follow: number, least = 0): number {
  const { bytes, pos } = reader
  let at = pos + 2
  let length = 0
  let code = bytes[at] as number
  while (code >= Byte.Zero && code <= Byte.Nine) {
    length = length * 10 + (code - Byte.Zero)
    code = bytes[++at] as number
  }
  if (
    code !== Byte.Colon ||
    bytes[at + 1] !== Byte.Quote ||
    bytes[pos + 1] !== Byte.Colon ||
    at === pos + 2
  ) {
    fail(reader, pos, 'a length and a quote')
  }
  if (at - pos - 2 > Digits.Exact) length = wrapped(reader, pos + 2, at)
  if (length < least || length > bytes.length - at - 2) {
    fail(reader, pos + 2, 'a length within the data')
  }
  // A length may have been a double; the position stays a small integer.
  const end = (at + 2 + length) | 0
  if (bytes[end] !== Byte.Quote) fail(reader, end, 'a closing quote')
  if (bytes[end + 1] !== follow) fail(reader, end + 1, 'what follows a closing quote')
  reader.pos = end + 2
  return at + 2
}

/** PHP keeps 64 bits of a length and of a slot, whatever is written (a quirk, harmless and kept). */
export function wrapped(reader: Reader, from: number, to: number): number {
  let high = 0
  let low = 0
  for (let at = from; at < to; at += 1) {
    const sum = low * 10 + (byteAt(reader, at) - Byte.Zero)
    low = sum % 0x1_0000_0000
    high = (high * 10 + Math.floor(sum / 0x1_0000_0000)) % 0x1_0000_0000
  }
  return high * 0x1_0000_0000 + low
}
