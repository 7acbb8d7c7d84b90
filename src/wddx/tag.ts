/**
 * Tags.
 *
 * @see https://www.w3.org/TR/xml/#sec-starttags
 * @module
 */
import { readAttributeText } from './content.js'
import { fail } from './packet.js'
import { isNext, type Scanner } from './scanner.js'

/** The beginning of an element. */
export interface Tag {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  /** Whether it is the end, too. */
  readonly empty: boolean
  /** Where it begins. */
  readonly start: number
}

const ATTRIBUTE = /[ \t\r\n]+([A-Za-z_:][\w:.-]*)[ \t\r\n]*=[ \t\r\n]*(['"])/y
const END = /[ \t\r\n]*(\/?)>/y

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

/** The tag that comes next. */
export function readTag(scanner: Scanner, expected: string): Tag {
  const start = scanner.pos
  const name = readName(scanner)
  if (name === '') fail(start, expected)
  // Most tags are nothing but a name.
  if (takeNext(scanner, '>')) return { name, attributes: NO_ATTRIBUTES, empty: false, start }
  const attributes = readAttributes(scanner)
  if (takeNext(scanner, '>')) return { name, attributes, empty: false, start }
  const end = take(scanner, END)
  if (end === undefined) fail(scanner.pos, 'the end of a tag')
  return { name, attributes, empty: end[1] === '/', start }
}

/** `<` and letters, the letters; nothing, and nothing read, for anything else. */
function readName(scanner: Scanner): string {
  if (!isNext(scanner, '<')) return ''
  const { text } = scanner
  const from = scanner.pos + 1
  let end = from
  while (isLetter(text.charCodeAt(end))) end += 1
  if (end > from) scanner.pos = end
  return text.slice(from, end)
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
}

/** The tag that comes next, which is of this element. */
export function readTagOf(scanner: Scanner, name: string): Tag {
  const tag = readTag(scanner, `<${name}>`)
  if (tag.name !== name) fail(tag.start, `<${name}>`)
  return tag
}

/** How PHP writes the attribute that most elements with one have. */
const PLAIN_NAME = " name='"

function readAttributes(scanner: Scanner): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (takeNext(scanner, PLAIN_NAME)) found.set('name', readQuoted(scanner, "'"))
  while (!isNext(scanner, '>')) {
    const start = scanner.pos
    const attribute = take(scanner, ATTRIBUTE)
    if (attribute === undefined) break
    const [, name, quote] = attribute as unknown as [string, string, string]
    if (found.has(name)) fail(start, 'an attribute only once')
    found.set(name, readQuoted(scanner, quote))
  }
  return found
}

function readQuoted(scanner: Scanner, quote: string): string {
  const end = scanner.text.indexOf(quote, scanner.pos)
  if (end < 0) fail(scanner.bytes.length, 'the end of an attribute')
  const wrong = scanner.text.slice(scanner.pos, end).indexOf('<')
  if (wrong >= 0) fail(scanner.pos + wrong, 'the end of an attribute')
  const value = readAttributeText(scanner, end)
  scanner.pos = end + 1
  return value
}

/** Whether an end tag comes next. */
export function isEndNext(scanner: Scanner): boolean {
  return isNext(scanner, '</')
}

/** `</name>` */
export function readEnd(scanner: Scanner, name: string): void {
  const start = scanner.pos
  if (takeNext(scanner, '</') && takeNext(scanner, name)) {
    if (takeNext(scanner, '>') || take(scanner, END)?.[1] === '') return
  }
  fail(start, `</${name}>`)
}

function takeNext(scanner: Scanner, literal: string): boolean {
  if (!isNext(scanner, literal)) return false
  scanner.pos += literal.length
  return true
}

function take(scanner: Scanner, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = scanner.pos
  const found = pattern.exec(scanner.text)
  if (found === null) return undefined
  scanner.pos = pattern.lastIndex
  return found
}
