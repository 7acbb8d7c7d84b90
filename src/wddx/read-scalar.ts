/**
 * Values without parts.
 *
 * @see ext/wddx/wddx.c, `php_wddx_push_element`, `php_wddx_process_data`
 * @module
 */
import { addByte, contentOf, createContent, readContent, textOrBytes } from './content.js'
import { readDateTime } from './date-time.js'
import { readNumber } from './number.js'
import { fail } from './packet.js'
import { skipMisc, type Scanner } from './scanner.js'
import { readEnd, readTagOf, type Tag } from './tag.js'

/** A value whose tag was read, up to the end of its element. */
export function readScalar(scanner: Scanner, tag: Tag, exact: boolean): unknown {
  switch (tag.name) {
    case 'string':
      return readString(scanner, tag)
    case 'number':
      return readNumber(readText(scanner, tag), exact) ?? fail(tag.start, 'a number')
    case 'boolean':
      return readBoolean(scanner, tag)
    case 'null':
      skipEmpty(scanner, tag)
      return null
    case 'binary':
      return readBinary(scanner, tag)
    case 'dateTime':
      return readDateTime(readText(scanner, tag))
    default:
      return fail(tag.start, 'a value')
  }
}

/** The text of an element that holds nothing else, up to the end of the element. */
export function readText(scanner: Scanner, tag: Tag): string {
  if (tag.empty) return ''
  const content = createContent()
  if (!readContent(scanner, content)) fail(scanner.pos, `text of <${tag.name}>`)
  readEnd(scanner, tag.name)
  return content.text
}

function readString(scanner: Scanner, tag: Tag): string | Uint8Array {
  if (tag.empty) return ''
  const content = createContent()
  while (!readContent(scanner, content)) addByte(content, readChar(scanner))
  readEnd(scanner, tag.name)
  return contentOf(content)
}

const CHAR_CODE = /^0*([\da-f]{1,2})$/i

/**
 * `<char code='0D'/>`: one byte.
 *
 * PHP differs: it drops NUL, and the upper part of what is no byte.
 */
function readChar(scanner: Scanner): number {
  const tag = readTagOf(scanner, 'char')
  const code = Number.parseInt(CHAR_CODE.exec(tag.attributes.get('code') ?? '')?.[1] ?? '0', 16)
  if (code === 0) fail(tag.start, 'the code of a byte other than NUL')
  skipEmpty(scanner, tag)
  return code
}

/** PHP differs: it drops what is neither true nor false. */
function readBoolean(scanner: Scanner, tag: Tag): boolean {
  const value = tag.attributes.get('value')
  if (value !== 'true' && value !== 'false') fail(tag.start, 'true or false')
  skipEmpty(scanner, tag)
  return value === 'true'
}

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/

/**
 * `<binary length='N'>`, where the length is only a claim.
 *
 * PHP differs: it leaves out what is not Base64.
 */
function readBinary(scanner: Scanner, tag: Tag): string | Uint8Array {
  const text = readText(scanner, tag).replace(/[ \t\r\n]+/g, '')
  const bytes = Buffer.from(text, 'base64')
  // Padding may be missing, a character may not.
  const digits = Math.ceil((bytes.length * 4) / 3)
  if (!BASE64.test(text) || text.replace(/=+$/, '').length !== digits) fail(tag.start, 'Base64')
  return textOrBytes(bytes)
}

/** The end of an element that says nothing between its tags. */
export function skipEmpty(scanner: Scanner, tag: Tag): void {
  if (tag.empty) return
  skipMisc(scanner)
  readEnd(scanner, tag.name)
}
