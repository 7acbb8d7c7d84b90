/**
 * Reads one cookie out of a `Cookie` header as PHP does: split at `;` only, blanks before a name
 * dropped, names compared exactly, quotes kept, values raw-url-decoded (`+` stays `+`).
 *
 * @module
 * @see main/php_variables.c, php_default_treat_data
 */

/** Nothing beyond is looked at: Node's own limit for all headers together is 16 KiB. */
const MAX_HEADER = 16_384
const MAX_PAIRS = 256

const EQUALS = 0x3d

/**
 * The values of all cookies of this name, in the order they were sent.
 *
 * Scans with an index and makes no string but the values; time is linear, and bounded by the caps
 * of 16 KiB and 256 pairs (tests/bench/cookie.bench.ts). Beyond them cookies are ignored.
 *
 * @param header The header, one character for each byte, as Node hands it over.
 * @param max How many values at most.
 * @returns Values, one character for each byte; a cookie without `=` has the empty one.
 */
export function readCookies(header: string, name: string, max = 4): string[] {
  const values: string[] = []
  const limit = Math.min(header.length, MAX_HEADER)
  let start = 0
  for (let pairs = 0; start < limit && pairs < MAX_PAIRS && values.length < max; pairs += 1) {
    const end = endOfPair(header, start)
    // A pair that the cap cuts is no pair: half an id is another id.
    if (end > limit) break
    const from = skipBlanks(header, start, end)
    if (header.startsWith(name, from)) {
      const value = valueAfter(header, from + name.length, end)
      if (value !== undefined) values.push(value)
    }
    start = end + 1
  }
  return values
}

/** Whether there is a cookie that PHP makes an array of this name of: `NAME[]=`. */
export function hasArrayCookie(header: string, name: string): boolean {
  const pairs = header.slice(0, MAX_HEADER).split(';', MAX_PAIRS)
  return pairs.some((pair) => {
    const [label = ''] = pair.slice(skipBlanks(pair, 0, pair.length)).split('=')
    return label.startsWith(`${name}[`) && label.includes(']', name.length)
  })
}

function endOfPair(header: string, start: number): number {
  const end = header.indexOf(';', start)
  return end < 0 ? header.length : end
}

/** Space and the five that C's `isspace` takes too. */
function skipBlanks(header: string, start: number, end: number): number {
  let from = start
  for (; from < end; from += 1) {
    const code = header.charCodeAt(from)
    if (code !== 0x20 && (code < 0x09 || code > 0x0d)) break
  }
  return from
}

/** The value, when the name ends here; `undefined` when it is only the start of another name. */
function valueAfter(header: string, nameEnd: number, end: number): string | undefined {
  if (nameEnd === end) return ''
  if (nameEnd > end || header.charCodeAt(nameEnd) !== EQUALS) return undefined
  const value = header.slice(nameEnd + 1, end)
  return value.includes('%') ? rawUrlDecode(value) : value
}

/** Replaces `%XX` by the byte; a `%` that two hexadecimal digits do not follow stays. */
export function rawUrlDecode(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
