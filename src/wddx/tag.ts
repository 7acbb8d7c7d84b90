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

const NAME = /<([A-Za-z]+)/y
const ATTRIBUTE = /[ \t\r\n]+([A-Za-z_:][\w:.-]*)[ \t\r\n]*=[ \t\r\n]*(['"])/y
const END = /[ \t\r\n]*(\/?)>/y

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

/** The tag that comes next. */
export function readTag(scanner: Scanner, expected: string): Tag {
  const start = scanner.pos
  const name = take(scanner, NAME)?.[1]
  if (name === undefined) fail(start, expected)
  // Most tags are nothing but a name.
  if (takeClosing(scanner)) return { name, attributes: NO_ATTRIBUTES, empty: false, start }
  const attributes = readAttributes(scanner)
  const end = take(scanner, END)
  if (end === undefined) fail(scanner.pos, 'the end of a tag')
  return { name, attributes, empty: end[1] === '/', start }
}

/** The tag that comes next, which is of this element. */
export function readTagOf(scanner: Scanner, name: string): Tag {
  const tag = readTag(scanner, `<${name}>`)
  if (tag.name !== name) fail(tag.start, `<${name}>`)
  return tag
}

function readAttributes(scanner: Scanner): ReadonlyMap<string, string> {
  let found: Map<string, string> | undefined
  for (;;) {
    const start = scanner.pos
    const attribute = take(scanner, ATTRIBUTE)
    if (attribute === undefined) return found ?? NO_ATTRIBUTES
    const [, name, quote] = attribute as unknown as [string, string, string]
    found ??= new Map()
    if (found.has(name)) fail(start, 'an attribute only once')
    found.set(name, readQuoted(scanner, quote))
  }
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
  if (isNext(scanner, `</${name}`)) {
    scanner.pos += name.length + 2
    if (takeClosing(scanner) || take(scanner, END)?.[1] === '') return
  }
  fail(start, `</${name}>`)
}

function takeClosing(scanner: Scanner): boolean {
  if (scanner.text[scanner.pos] !== '>') return false
  scanner.pos += 1
  return true
}

function take(scanner: Scanner, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = scanner.pos
  const found = pattern.exec(scanner.text)
  if (found === null) return undefined
  scanner.pos = pattern.lastIndex
  return found
}
