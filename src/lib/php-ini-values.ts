/**
 * What the text of a setting means to PHP: three ways to read a number, and one to read a flag.
 *
 * @module
 * @see php-src Zend/zend_ini.c, zend_ini_parse_quantity and zend_ini_parse_bool
 */

/** Digits by the prefix before them, of which there is one; a zero alone means octal, as in C. */
const DIGITS: readonly (readonly [pattern: RegExp, base: number])[] = [
  [/^0[xob](?=0[xob])()/i, 10],
  [/^0x([\da-f]*)/i, 16],
  [/^0o([0-7]*)/i, 8],
  [/^0b([01]*)/i, 2],
  [/^(0[0-7]*)/, 8],
  [/^(\d*)/, 10],
]

const FACTORS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** A number that may be written as `0x10`, `060` or `2K`; 0 where there are no digits. */
export function phpQuantity(text: string): number {
  const trimmed = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '')
  const unsigned = trimmed.replace(/^[+-]/, '')
  for (const [pattern, base] of DIGITS) {
    const found = pattern.exec(unsigned)
    if (found === null) continue
    const [all, digits = ''] = found
    // Whatever stands between the digits and the last character, that one counts.
    const unit = all.length < unsigned.length ? unsigned.slice(-1).toLowerCase() : ''
    const value = digits === '' ? 0 : Number.parseInt(digits, base) * (FACTORS[unit] ?? 1)
    return trimmed.startsWith('-') ? 0 - value : value
  }
  return 0
}

/** As C's `atoi`: what follows the digits does not count. */
export function phpInteger(text: string): number {
  return Number(/^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1] ?? 0)
}

/** As PHP checks numbers that have to be whole: `undefined` where anything follows the digits. */
export function phpStrictInteger(text: string): number | undefined {
  return /^[ \t\n\v\f\r]*[+-]?\d+$/.test(text) ? phpInteger(text) : undefined
}

/** PHP takes these words, and any number but 0. */
export function phpFlag(text: string): boolean {
  return /^(?:true|yes|on)$/i.test(text) || phpInteger(text) !== 0
}

/** Whether PHP takes a text for a number: a session cannot have such a name. */
export function isPhpNumeric(text: string): boolean {
  return /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[ \t\n\v\f\r]*$/i.test(text)
}
