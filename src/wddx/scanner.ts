/**
 * What reads XML: a position in the bytes, and the moves over what says nothing.
 *
 * The packet is kept twice, as bytes and as latin-1 text; an index means the same in both.
 *
 * @module
 */
import { constants, isAscii } from 'node:buffer'
import type { Payload } from '../handler.js'
import { fail } from './packet.js'

/** One pass over one packet. */
export interface Scanner {
  readonly bytes: Buffer
  /** One character per byte. */
  readonly text: string
  readonly ascii: boolean
  /** Whether the packet says that it is ISO-8859-1; else it is UTF-8. */
  latin1: boolean
  /** The next byte to read. */
  pos: number
}

/** @throws {DecodeError} When there are more bytes than `maxLength`, or than a string can hold. */
export function createScanner(payload: Payload, maxLength: number): Scanner {
  const limit = Math.min(maxLength, constants.MAX_STRING_LENGTH)
  if (payload.length > limit) fail(limit, 'the end of the data')
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  return { bytes, text: bytes.toString('latin1'), ascii: isAscii(bytes), latin1: false, pos: 0 }
}

/** Whether this ASCII text comes next. */
export function isNext(scanner: Scanner, literal: string): boolean {
  return scanner.text.startsWith(literal, scanner.pos)
}

const BLANKS = /[ \t\r\n]*/y

/** White space. */
export function skipBlanks(scanner: Scanner): void {
  BLANKS.lastIndex = scanner.pos
  BLANKS.test(scanner.text)
  scanner.pos = BLANKS.lastIndex
}

/** White space and comments, which may stand between elements. */
export function skipMisc(scanner: Scanner): void {
  if (isNext(scanner, '<') && !isNext(scanner, '<!')) return
  skipBlanks(scanner)
  while (isNext(scanner, '<!--')) {
    skipComment(scanner)
    skipBlanks(scanner)
  }
}

/** One comment, at whose beginning the scanner stands. */
export function skipComment(scanner: Scanner): void {
  const end = scanner.text.indexOf('--', scanner.pos + 4)
  if (end < 0) fail(scanner.bytes.length, 'the end of a comment')
  if (scanner.text[end + 2] !== '>') fail(end, 'the end of a comment')
  scanner.pos = end + 3
}
