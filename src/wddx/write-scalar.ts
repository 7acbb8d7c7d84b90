/**
 * Values without parts, and names.
 *
 * PHP differs: it leaves characters alone that XML does not have, or changes when it is read.
 *
 * @see ext/wddx/wddx.c, `php_wddx_serialize_string`; ext/standard/html.c, `ENT_QUOTES`
 * @module
 */
import { isPhpInt } from '../php/keys.js'
import type { PhpFloat } from '../php/values.js'
import { textOrBytes } from './content.js'
import { numberText, phpFloatText } from './number.js'
import { refuse, type Writer } from './writer.js'

/** The element of a value without parts; `undefined` for an object. */
export function scalarElement(writer: Writer, value: unknown): string | undefined {
  if (typeof value === 'string') return stringElement(writer, value)
  if (typeof value === 'number') return numberElement(writer, value)
  if (typeof value === 'boolean') return `<boolean value='${value}'/>`
  if (value === null || value === undefined) return '<null/>'
  if (typeof value === 'bigint') return bigintElement(writer, value)
  return typeof value === 'object' ? undefined : refuse(writer, `a ${typeof value}`)
}

function numberElement(writer: Writer, value: number): string {
  assertFinite(writer, value)
  return `<number>${numberText(value)}</number>`
}

function bigintElement(writer: Writer, value: bigint): string {
  if (!isPhpInt(value)) refuse(writer, 'an integer of more than 64 bits')
  return `<number>${value}</number>`
}

/** A float, whole or not. */
export function floatElement(writer: Writer, float: PhpFloat): string {
  assertFinite(writer, float.value)
  return `<number>${phpFloatText(float, writer.rules.exact)}</number>`
}

function assertFinite(writer: Writer, value: number): void {
  if (!Number.isFinite(value)) refuse(writer, `${value}, which PHP reads as 0`)
}

/** What XML 1.0 has no place for, not even as a reference, and PHP's `<char>` neither. */
const NEVER = /[\0\ufffe\uffff]/

const SPECIAL = /[&<>"'\x01-\x08\x0b-\x1f]/g

/** Text; bytes where XML cannot hold a character of it. */
export function stringElement(writer: Writer, text: string): string {
  if (!isWellFormed(text)) refuse(writer, 'a string with half a surrogate pair')
  if (NEVER.test(text)) return binaryElement(Buffer.from(text, 'utf8'))
  return `<string>${text.replace(SPECIAL, escapeInText)}</string>`
}

/** Bytes: a string where they are UTF-8, as for PHP both are the same. */
export function bytesElement(writer: Writer, bytes: Uint8Array): string {
  const content = textOrBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  return typeof content === 'string' ? stringElement(writer, content) : binaryElement(content)
}

function binaryElement(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  return `<binary length='${bytes.length}'>${base64}</binary>`
}

/** In Node 20, but not in the types of its language level. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#039;'],
])

function escapeInText(character: string): string {
  return ENTITIES.get(character) ?? `<char code='${codeOf(character)}'/>`
}

function codeOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}

const SPECIAL_IN_NAME = /[&<>"'\t\n\r]/g

/** A name, between the quotes of an attribute. */
export function escapedName(writer: Writer, name: string): string {
  if (name === '') refuse(writer, 'an empty name, of which PHP makes a number')
  if (!isWellFormed(name)) refuse(writer, 'a name that is not UTF-8')
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(name)) {
    refuse(writer, 'a name with a character that XML does not have')
  }
  return name.replace(SPECIAL_IN_NAME, escapeInName)
}

/** An XML reader makes spaces of the ends of lines, unless they are references. */
function escapeInName(character: string): string {
  return ENTITIES.get(character) ?? `&#${character.charCodeAt(0)};`
}
