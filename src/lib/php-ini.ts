/**
 * A php.ini as PHP reads it: names and texts, the last of a name counts.
 *
 * @module
 * @see php-src Zend/zend_ini_scanner.l, Zend/zend_ini_parser.y
 */
import { CONSTANTS } from './php-ini-constants.js'

/** Where a file is no php.ini any more. */
export class IniSyntaxError extends SyntaxError {
  /** From 1. */
  readonly line: number

  constructor(line: number) {
    super(`php.ini: syntax error in line ${line}`)
    this.name = 'IniSyntaxError'
    this.line = line
  }
}

/** Values of `${NAME}`: settings read so far come first. */
export type IniVariables = Readonly<Record<string, string | undefined>>

const LABEL = /[^=\n\r;&|^$~(){}!"[\0]+/y
const SECTION = /[ \t]*\[([^\]\n\r]*)\][ \t]*/y
const OFFSET = /\[[^\]\n\r]*\]/y
const EQUALS = /[ \t]*=[ \t]*/y
const LINE_END = /[ \t]*(?:;[^\r\n]*)?(?:\r\n|\r|\n|$)/y
/** Sections that hold for some requests only. */
const CONDITIONAL = /^(?:HOST|PATH)=/i

/**
 * Reads a php.ini. Settings of a `[HOST=...]` or `[PATH=...]` section are left out, lists
 * (`name[] = ...`) too.
 *
 * @param variables What `${NAME}` may stand for, such as `process.env`.
 * @throws {IniSyntaxError} Where PHP would stop reading.
 */
export function parsePhpIni(text: string, variables: IniVariables = {}): Map<string, string> {
  const settings = new Map<string, string>()
  const cursor: Cursor = { text: text.replace(/^\uFEFF/, ''), at: 0, settings, variables }
  let applies = true
  while (cursor.at < cursor.text.length) {
    if (take(cursor, LINE_END) !== undefined) continue
    const section = take(cursor, SECTION)
    if (section !== undefined) {
      applies = !CONDITIONAL.test(section[1] as string)
      continue
    }
    const name = take(cursor, LABEL)?.[0].trim()
    if (name === undefined || name === '') throw failure(cursor)
    const isList = take(cursor, OFFSET) !== undefined
    const value = take(cursor, EQUALS) === undefined ? undefined : valueAt(cursor)
    if (take(cursor, LINE_END) === undefined) throw failure(cursor)
    if (value !== undefined && applies && !isList) settings.set(name, value)
  }
  return settings
}

interface Cursor {
  readonly text: string
  at: number
  readonly settings: ReadonlyMap<string, string>
  readonly variables: IniVariables
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  const sticky = new RegExp(pattern)
  sticky.lastIndex = cursor.at
  const found = sticky.exec(cursor.text)
  if (found === null || (found[0] === '' && cursor.at < cursor.text.length)) return undefined
  cursor.at += found[0].length
  return found
}

function failure({ text, at }: Cursor): IniSyntaxError {
  return new IniSyntaxError(text.slice(0, at).split(/\r\n|\r|\n/).length)
}

const YES = /(?:true|on|yes)[ \t]*(?=[;\r\n]|$)/iy
const NO = /(?:false|off|no|none|null)[ \t]*(?=[;\r\n]|$)/iy

function valueAt(cursor: Cursor): string {
  if (take(cursor, YES) !== undefined) return '1'
  if (take(cursor, NO) !== undefined || atEnd(cursor)) return ''
  return expression(cursor, 0)
}

function atEnd({ text, at }: Cursor): boolean {
  return at >= text.length || /[\r\n;]/.test(text[at] as string)
}

const OPERATOR = /[ \t]*([|&^])[ \t]*/y
const PREFIX = /[ \t]*([~!(])[ \t]*/y
const CLOSING = /[ \t]*\)[ \t]*/y

/** Bits, as in `E_ALL & ~E_NOTICE`: all operators bind alike, from left to right. */
function expression(cursor: Cursor, depth: number): string {
  if (depth > 100) throw failure(cursor)
  let left = operand(cursor, depth)
  for (;;) {
    const operator = take(cursor, OPERATOR)?.[1]
    if (operator === undefined) return left
    const [a, b] = [integer(left), integer(operand(cursor, depth))]
    left = String(operator === '|' ? a | b : operator === '&' ? a & b : a ^ b)
  }
}

function operand(cursor: Cursor, depth: number): string {
  const prefix = take(cursor, PREFIX)?.[1]
  if (prefix === undefined) return words(cursor)
  if (prefix === '~') return String(~integer(operand(cursor, depth + 1)))
  if (prefix === '!') return integer(operand(cursor, depth + 1)) === 0 ? '1' : '0'
  const inner = expression(cursor, depth + 1)
  if (take(cursor, CLOSING) === undefined) throw failure(cursor)
  return inner
}

/** As C's atoi. */
function integer(text: string): number {
  return Number(/^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1] ?? 0) | 0
}

const SINGLE = /'([^']*)'/y
/** A backslash before the last quote of a line is one: `"C:\php\"`. */
const DOUBLE =
  /"((?:[^"\\$]|\\(?!"[ \t]*(?:[\r\n]|$))[^]|\\(?="[ \t]*(?:[\r\n]|$))|\$(?!\{)|\$\{[^}\n\r]*\})*)"/y
const VARIABLE = /\$\{([^}\n\r]*)\}/y
/** A dollar takes the character after it along, whatever that is. */
const WORD = /(?:[^$= \t\n\r;&|^~()!"'\0]|\$[^{\0\r\n]|\$(?=[\r\n]|$))+/y
const BLANKS = /[ \t]+(?=[^ \t\r\n;|&^)])/y

/** Texts one after the other: quoted, bare, variables. */
function words(cursor: Cursor): string {
  let value = ''
  for (let first = true; ; first = false) {
    const word = wordAt(cursor)
    if (word !== undefined) value += word
    else if (first) throw failure(cursor)
    else return value
  }
}

function wordAt(cursor: Cursor): string | undefined {
  const single = take(cursor, SINGLE)
  if (single !== undefined) return single[1]
  const double = take(cursor, DOUBLE)
  if (double !== undefined) return unescape(cursor, double[1] as string)
  const variable = take(cursor, VARIABLE)
  if (variable !== undefined) return resolve(cursor, variable[1] as string)
  const word = take(cursor, WORD)?.[0]
  if (word !== undefined) return CONSTANTS[word] ?? word
  return blanksAt(cursor)
}

/** Blanks between words count, those beside a double quote do not. */
function blanksAt(cursor: Cursor): string | undefined {
  const before = cursor.text[cursor.at - 1] as string
  const blanks = take(cursor, BLANKS)?.[0]
  const isBesideQuote = `${before}${cursor.text[cursor.at] ?? ''}`.includes('"')
  return blanks !== undefined && isBesideQuote ? '' : blanks
}

function unescape(cursor: Cursor, text: string): string {
  return text.replace(/\\(["'\\])|\$\{([^}]*)\}/g, (_, escaped?: string, name?: string) =>
    escaped === undefined ? resolve(cursor, name as string) : escaped,
  )
}

/** A setting or a variable; `${NAME:-text}` has a text for where there is none. */
function resolve({ settings, variables }: Cursor, words: string): string {
  const [name, ...rest] = words.split(':-') as [string, ...string[]]
  return settings.get(name) ?? variables[name] ?? rest.join(':-')
}
