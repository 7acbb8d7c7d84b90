/**
 * Finds what PHP's URL rewriter finds in a page: attributes of tags, and the ends of form tags.
 *
 * A machine of single characters, so that a page may come in any pieces: it keeps no more than one
 * attribute back. Text is a byte a character.
 *
 * @module
 * @see php-src ext/standard/url_scanner_ex.re
 */

import {
  emptyScan,
  feed,
  scanner,
  type Scan as Scanned,
  type Scanner,
  type ScannerRules,
} from './url-scanner-machine.js'

/** Where the machine stands. */
interface Scan extends Scanned<Scan> {
  /** The attribute that is rewritten in this tag. */
  wanted: string
}

const LETTER = /[A-Za-z]/
const TAG_CHARACTER = /[A-Za-z:]/
const ARGUMENT_CHARACTER = /[A-Za-z-]/
const BLANK = /[ \v\r\t\n]/
const END_OF_BARE = ' \r\t\n>\'"'

/** Starts with a new page. Every text is one. */
export function urlScanner(rules: ScannerRules): Scanner {
  return scanner({ ...emptyScan(rules), state: plain, wanted: '' }, (scan) => {
    // A quoted value of more than its two quotes is whole.
    if (scan.state === closed && scan.held.length > 2) finish(scan, scan.quote)
    scan.out += scan.state === slash ? '/' : scan.held
  })
}

function plain(scan: Scan, text: string, at: number): number {
  const open = text.indexOf('<', at)
  const end = open < 0 ? text.length : open + 1
  scan.out += text.slice(at, end)
  if (open >= 0) begin(scan)
  return end
}

function begin(scan: Scan): void {
  scan.tag = ''
  scan.state = name
}

function name(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (TAG_CHARACTER.test(character)) {
    scan.tag += character
    scan.out += character
    return at + 1
  }
  if (scan.tag === '') return leave(scan, text, at)
  const found = scan.rules.attributeOf(scan.tag.toLowerCase())
  scan.wanted = found ?? ''
  scan.state = found === undefined ? plain : next
  return at
}

/** Copies one character and waits for the next tag. */
function leave(scan: Scan, text: string, at: number): number {
  scan.out += text[at] as string
  scan.state = plain
  return at + 1
}

function next(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character === '>') {
    scan.out += '>'
    scan.state = isForm(scan) ? formEnd : plain
    return at + 1
  }
  if (character === '/') {
    scan.state = slash
    return at + 1
  }
  if (LETTER.test(character)) {
    scan.argument = ''
    scan.state = argumentName
    return at
  }
  if (!BLANK.test(character)) return leave(scan, text, at)
  scan.out += character
  return at + 1
}

/** Of `/>`; any other slash ends the tag for us, and what follows is text. */
function slash(scan: Scan, text: string, at: number): number {
  scan.out += '/'
  scan.state = plain
  if (text[at] !== '>') return at
  scan.out += '>'
  // Two characters are enough for PHP to believe in the end of a tag.
  if (isForm(scan)) scan.out += scan.rules.afterForm(scan.action)
  return at + 1
}

/** After a bare `>`, one more character has to come before PHP believes in the end of a tag. */
function formEnd(scan: Scan, _: string, at: number): number {
  scan.out += scan.rules.afterForm(scan.action)
  scan.state = plain
  return at
}

function argumentName(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (!ARGUMENT_CHARACTER.test(character)) {
    scan.state = beforeValue
    return at
  }
  scan.argument += character
  scan.out += character
  return at + 1
}

function beforeValue(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character !== ' ' && character !== '=') {
    scan.state = next
    return at
  }
  scan.out += character
  if (character === '=') scan.state = valueStart
  return at + 1
}

function valueStart(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character === ' ') {
    scan.out += character
    return at + 1
  }
  scan.held = ''
  if (character === '"' || character === "'") {
    scan.quote = character
    scan.held = character
    scan.state = quoted
    return at + 1
  }
  if (character === '>' || BLANK.test(character)) {
    if (character !== '\v') {
      scan.out += character
      scan.state = next
      return at + 1
    }
  }
  scan.state = bare
  return at
}

function quoted(scan: Scan, text: string, at: number): number {
  const end = firstOf(`${scan.quote}>`, text, at)
  scan.held += text.slice(at, end)
  if (end === text.length) return end
  if (text[end] === scan.quote) {
    scan.held += scan.quote
    scan.state = closed
    return end + 1
  }
  // No value after all: the quote is an odd character, and what follows it attributes.
  const again = scan.held.slice(1)
  scan.held = ''
  scan.out += scan.quote
  scan.state = next
  feed(scan, again)
  return end
}

/** An empty value at the very end of a page is none: PHP looks at three characters. */
function closed(scan: Scan, _: string, at: number): number {
  finish(scan, scan.quote)
  return at
}

function bare(scan: Scan, text: string, at: number): number {
  const end = firstOf(END_OF_BARE, text, at)
  scan.held += text.slice(at, end)
  if (end < text.length) finish(scan, '')
  return end
}

/** Gives out a whole value, rewritten where it is the attribute that is looked for. */
function finish(scan: Scan, around: string): void {
  const value = around === '' ? scan.held : scan.held.slice(1, -1)
  if (isForm(scan) && 'action'.startsWith(scan.argument.toLowerCase())) scan.action = value
  const mine = scan.argument.toLowerCase() === scan.wanted.toLowerCase()
  scan.out += around + (mine ? scan.rules.rewrite(value) : value) + around
  scan.held = ''
  scan.state = next
}

function isForm(scan: Scan): boolean {
  return scan.tag.length === 4 && scan.tag.toLowerCase() === 'form'
}

/** Where the first of some characters stands; the length of the text where there is none. */
function firstOf(characters: string, text: string, at: number): number {
  let index = at
  while (index < text.length && !characters.includes(text[index] as string)) index += 1
  return index
}
