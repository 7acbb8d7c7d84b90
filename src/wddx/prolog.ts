/**
 * What comes before the first element: byte order mark, XML declaration, the encoding it names.
 *
 * PHP differs: a document type is refused, and with it every entity but the five of XML; so are
 * processing instructions and encodings other than UTF-8 and ISO-8859-1.
 *
 * @see https://www.w3.org/TR/xml/#sec-prolog-dtd
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { fail } from './packet.js'
import { isNext, skipMisc, type Scanner } from './scanner.js'

/** The byte order mark of UTF-8, as latin-1. */
const BYTE_ORDER_MARK = '\xef\xbb\xbf'

const DECLARATION =
  /<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'1\.\d+'|"1\.\d+")(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'([\w.-]+)'|"([\w.-]+)"))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*\?>/y

/** Reads up to the first element, and makes sure that all bytes are characters of XML. */
export function readProlog(scanner: Scanner): void {
  const marked = isNext(scanner, BYTE_ORDER_MARK)
  if (marked) scanner.pos = BYTE_ORDER_MARK.length
  if (isNext(scanner, '<?')) readDeclaration(scanner, marked)
  assertCharacters(scanner)
  skipMisc(scanner)
}

function readDeclaration(scanner: Scanner, marked: boolean): void {
  DECLARATION.lastIndex = scanner.pos
  const found = DECLARATION.exec(scanner.text)
  if (found === null) fail(scanner.pos, 'an XML declaration')
  const encoding = (found[1] ?? found[2] ?? 'utf-8').toLowerCase()
  scanner.latin1 = encoding === 'iso-8859-1'
  if (encoding !== 'utf-8' && (marked || !scanner.latin1)) {
    fail(scanner.pos, 'the encoding UTF-8 or ISO-8859-1')
  }
  scanner.pos = DECLARATION.lastIndex
}

/** Control characters but tab and the ends of lines. */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/

/** The same, and U+FFFE and U+FFFF as UTF-8. */
const CONTROL_UTF8 = /[\0-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]/

function assertCharacters({ bytes, text, ascii, latin1 }: Scanner): void {
  if (!ascii && !latin1 && !isUtf8(bytes)) fail(validPrefix(bytes), 'UTF-8')
  const wrong = text.search(ascii || latin1 ? CONTROL : CONTROL_UTF8)
  if (wrong >= 0) fail(wrong, 'a character of XML')
}

/** How many bytes are UTF-8, by halves, so in linear time. */
function validPrefix(bytes: Buffer): number {
  let from = 0
  let to = bytes.length
  for (;;) {
    let middle = (from + to) >> 1
    while (middle > from && ((bytes[middle] as number) & 0xc0) === 0x80) middle -= 1
    if (middle === from) return from + firstCharacters(bytes, from, to)
    if (isUtf8(bytes.subarray(from, middle))) from = middle
    else to = middle
  }
}

/** How many of a few bytes are whole characters. */
function firstCharacters(bytes: Buffer, from: number, to: number): number {
  let end = from
  for (let next = from + 1; next <= Math.min(to, from + 8); next += 1) {
    if (isUtf8(bytes.subarray(from, next))) end = next
  }
  return end - from
}
