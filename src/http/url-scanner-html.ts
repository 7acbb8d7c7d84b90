/**
 * Finds links and forms in a page as browsers do: comments, scripts and other text that is no markup
 * are left alone, values may hold `>`, and names may be followed by any blank.
 *
 * The same contract as `urlScanner`, and as little kept back.
 *
 * @module
 * @see https://html.spec.whatwg.org/multipage/parsing.html#tokenization
 */
import {
  emptyScan,
  scanner,
  type Scan as Scanned,
  type Scanner,
  type ScannerRules,
} from './url-scanner-machine.js'

/** Where the machine stands; `action` is of this form. */
interface Scan extends Scanned<Scan> {
  /** The end of what is being looked for, as far as it has come. */
  ending: string
}

type State = Scan['state']

const LETTER = /[A-Za-z]/
const BLANK = /[ \t\n\f\r]/
/** Elements whose content is text, to their own end tag. */
const TEXT_ELEMENTS = /^(?:script|style|textarea|title|xmp|iframe|noembed|noframes)$/
const LONGEST_TEXT_ELEMENT = 'noframes'.length
const COMMENT = '--'

/** Starts with a new page. */
export function htmlScanner(rules: ScannerRules): Scanner {
  return scanner({ ...emptyScan(rules), state: plain, ending: '' }, (scan) => {
    if (scan.state === quoted) scan.out += scan.quote
    scan.out += scan.held
  })
}

function plain(scan: Scan, text: string, at: number): number {
  const open = text.indexOf('<', at)
  const end = open < 0 ? text.length : open + 1
  scan.out += text.slice(at, end)
  if (open >= 0) scan.state = opened
  return end
}

function opened(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (LETTER.test(character)) {
    scan.tag = ''
    scan.action = undefined
    scan.state = name
    return at
  }
  if (character === '!') return copy(scan, character, at, bang)
  scan.state = /[/?]/.test(character) ? declaration : plain
  return at
}

function copy(scan: Scan, character: string, at: number, then: State): number {
  scan.out += character
  scan.ending = ''
  scan.state = then
  return at + 1
}

/** Two dashes make a comment of it. */
function bang(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character !== '-') {
    scan.state = declaration
    return at
  }
  scan.ending += character
  scan.out += character
  // `<!-->` is a whole comment: its dashes count for both ends.
  if (scan.ending === COMMENT) scan.state = comment
  return at + 1
}

function comment(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  scan.out += character
  if (character === '>' && (scan.ending === COMMENT || scan.ending === `${COMMENT}!`))
    scan.state = plain
  scan.ending = nextEnding(scan, character)
  return at + 1
}

function nextEnding(scan: Scan, character: string): string {
  if (character === '-') return scan.ending.startsWith('-') ? COMMENT : '-'
  return character === '!' && scan.ending === COMMENT ? `${COMMENT}!` : ''
}

function declaration(scan: Scan, text: string, at: number): number {
  const close = text.indexOf('>', at)
  const end = close < 0 ? text.length : close + 1
  scan.out += text.slice(at, end)
  if (close >= 0) scan.state = plain
  return end
}

function name(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character === '>' || character === '/' || BLANK.test(character)) {
    scan.tag = scan.tag.toLowerCase()
    scan.state = next
    return at
  }
  scan.tag += character
  scan.out += character
  return at + 1
}

function next(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character === '>') return closeTag(scan, at)
  scan.out += character
  if (character === '/' || BLANK.test(character)) return at + 1
  scan.argument = character
  scan.state = argumentName
  return at + 1
}

function argumentName(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character === '>' || character === '/' || character === '=' || BLANK.test(character)) {
    scan.state = afterName
    return at
  }
  scan.argument += character
  scan.out += character
  return at + 1
}

function afterName(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (BLANK.test(character)) {
    scan.out += character
    return at + 1
  }
  if (character === '=') return copy(scan, character, at, beforeValue)
  scan.state = next
  return at
}

function beforeValue(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (BLANK.test(character)) {
    scan.out += character
    return at + 1
  }
  scan.held = ''
  if (character === '>') {
    scan.state = next
    return at
  }
  const isQuote = character === '"' || character === "'"
  scan.quote = isQuote ? character : ''
  scan.state = isQuote ? quoted : bare
  return isQuote ? at + 1 : at
}

function quoted(scan: Scan, text: string, at: number): number {
  const close = text.indexOf(scan.quote, at)
  scan.held += text.slice(at, close < 0 ? text.length : close)
  if (close < 0) return text.length
  finish(scan)
  return close + 1
}

function bare(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  if (character === '>' || BLANK.test(character)) {
    finish(scan)
    return at
  }
  scan.held += character
  return at + 1
}

function finish(scan: Scan): void {
  const name = scan.argument.toLowerCase()
  if (scan.tag === 'form' && name === 'action') scan.action ??= scan.held
  const mine = name === scan.rules.attributeOf(scan.tag)?.toLowerCase()
  scan.out += scan.quote + (mine ? scan.rules.rewrite(scan.held) : scan.held) + scan.quote
  scan.held = ''
  scan.state = next
}

function closeTag(scan: Scan, at: number): number {
  scan.out += '>'
  scan.ending = ''
  if (scan.tag === 'form' && scan.rules.attributeOf(scan.tag) !== undefined)
    scan.out += scan.rules.afterForm(scan.action)
  scan.state = TEXT_ELEMENTS.test(scan.tag) ? content : plain
  return at + 1
}

/** The text of a script or the like. */
function content(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  scan.out += character
  if (character === '<') scan.ending = '<'
  else if (scan.ending !== '' && scan.ending.length <= LONGEST_TEXT_ELEMENT + 1)
    scan.ending += character
  else scan.ending = ''
  if (scan.ending.toLowerCase() === `</${scan.tag}`) scan.state = contentEnd
  return at + 1
}

/** `</scripts>` ends no script. */
function contentEnd(scan: Scan, text: string, at: number): number {
  const character = text[at] as string
  scan.state =
    character === '>' || character === '/' || BLANK.test(character) ? declaration : content
  scan.ending = ''
  return at
}
