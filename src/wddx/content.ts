/**
 * Text between tags, and of attributes.
 *
 * @see https://www.w3.org/TR/xml/#sec-references
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { fail } from './packet.js'
import { isNext, skipComment, type Scanner } from './scanner.js'

/** Text that was read piece by piece. */
export interface Content {
  text: string
  /** What comes before `text`; only once a byte was added that may be a part of a character. */
  bytes: Buffer[] | undefined
}

/** Without any text. */
export function createContent(): Content {
  return { text: '', bytes: undefined }
}

/** Adds one byte, as `<char>` says it. */
export function addByte(content: Content, byte: number): void {
  if (byte < 0x80) {
    content.text += String.fromCharCode(byte)
    return
  }
  const bytes = (content.bytes ??= [])
  bytes.push(Buffer.from(content.text, 'utf8'), Buffer.of(byte))
  content.text = ''
}

/** The whole: text, or bytes where they are not UTF-8. */
export function contentOf({ text, bytes }: Content): string | Uint8Array {
  return bytes === undefined ? text : textOrBytes(Buffer.concat([...bytes, Buffer.from(text)]))
}

/** A string of PHP: text where it is UTF-8, else a copy of its bytes. */
export function textOrBytes(bytes: Buffer): string | Uint8Array {
  return isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes)
}

/** Adds the text up to the next tag, comments left out. @returns Whether an end tag comes next. */
export function readContent(scanner: Scanner, content: Content): boolean {
  for (;;) {
    const end = scanner.text.indexOf('<', scanner.pos)
    if (end < 0) fail(scanner.bytes.length, 'an end tag')
    if (end > scanner.pos) content.text += textUpTo(scanner, end)
    scanner.pos = end
    if (isNext(scanner, '<!--')) skipComment(scanner)
    else if (isNext(scanner, '<![CDATA[')) content.text += readCdata(scanner)
    else return isNext(scanner, '</')
  }
}

function textUpTo(scanner: Scanner, end: number): string {
  const wrong = scanner.text.slice(scanner.pos, end).indexOf(']]>')
  if (wrong >= 0) fail(scanner.pos + wrong, 'text without the end of a CDATA section')
  return expand(scanner, end, withOneLineEnd)
}

const CDATA_LENGTH = '<![CDATA['.length

function readCdata(scanner: Scanner): string {
  const end = scanner.text.indexOf(']]>', scanner.pos)
  if (end < 0) fail(scanner.bytes.length, 'the end of a CDATA section')
  const text = decode(scanner, scanner.pos + CDATA_LENGTH, end)
  scanner.pos = end + 3
  return withOneLineEnd(text)
}

/** Every end of a line is one `\n`. */
function withOneLineEnd(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

/** The value of an attribute up to `end`: white space is spaces, unless a reference says it. */
export function readAttributeText(scanner: Scanner, end: number): string {
  return expand(scanner, end, withSpaces)
}

function withSpaces(text: string): string {
  return /[\t\r\n]/.test(text) ? text.replace(/\r\n|[\t\r\n]/g, ' ') : text
}

/** Reads text up to `end`. What references stand for is added as it is, the rest is normalised. */
function expand(scanner: Scanner, end: number, normalise: (text: string) => string): string {
  const raw = scanner.text.slice(scanner.pos, end)
  const start = scanner.pos
  let text = ''
  let at = 0
  for (let next = raw.indexOf('&'); next >= 0; next = raw.indexOf('&', at)) {
    text += normalise(decode(scanner, start + at, start + next))
    const semicolon = raw.indexOf(';', next)
    if (semicolon < 0) fail(start + next, 'an entity')
    text += entity(raw.slice(next + 1, semicolon)) ?? fail(start + next, 'an entity')
    at = semicolon + 1
  }
  scanner.pos = end
  return text + normalise(decode(scanner, start + at, end))
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

const NUMERIC = /^#(?:x0*([\da-fA-F]{1,6})|0*(\d{1,7}))$/

/** What stands between `&` and `;`, made into its character; `undefined` for anything else. */
function entity(name: string): string | undefined {
  const [, hex, decimal] = name.startsWith('#') ? (NUMERIC.exec(name) ?? []) : []
  if (hex === undefined && decimal === undefined) return NAMED.get(name)
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return isCharacter(code) ? String.fromCodePoint(code) : undefined
}

/** Whether XML 1.0 has the character. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10_ffff)
}

/** Up to so many bytes it is faster to look at each first. */
const SHORT = 64

function decode(scanner: Scanner, from: number, to: number): string {
  const plain =
    scanner.ascii || scanner.latin1 || (to - from < SHORT && isAsciiAt(scanner, from, to))
  return plain ? scanner.text.slice(from, to) : scanner.bytes.toString('utf8', from, to)
}

function isAsciiAt({ bytes }: Scanner, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if ((bytes[at] as number) > 0x7f) return false
  return true
}
