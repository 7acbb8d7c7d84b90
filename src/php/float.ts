/**
 * PHP's text for floats, by `serialize_precision`.
 *
 * @see ext/standard/var.c, `php_var_serialize_intern`; main/snprintf.c, `php_gcvt`
 * @module
 */
import { exactDigits, roundDigits, type Digits } from './float-digits.js'

/** `serialize_precision`: the shortest digits that read back the same. */
export const SHORTEST = -1

/** Up to so many digits before the point the shortest text is positional. */
const SHORTEST_DIGITS = 17

/**
 * The text between `d:` and `;`.
 *
 * @param precision `SHORTEST`, or how many significant digits, 0 and more; ties go to even.
 */
export function floatText(value: number, precision = SHORTEST): string {
  if (precision >= 0) return preciseText(value, precision)
  const size = Math.abs(value)
  // JavaScript and PHP agree on the digits everywhere, and on their layout in this range.
  if (size >= 1e-4 && size < 1e17) return String(value)
  if (size === 0) return Object.is(value, -0) ? '-0' : '0'
  return namedText(value) ?? layOut(value, shortest(value), SHORTEST_DIGITS)
}

/** PHP cuts the names of what is no number, too: infinity at precision 1 is `I`, which nobody reads. */
function preciseText(value: number, precision: number): string {
  const named = namedText(value)
  if (named !== undefined) return named.slice(0, precision)
  return layOut(value, significant(value, Math.max(1, precision)), precision)
}

function namedText(value: number): string | undefined {
  if (value !== value) return 'NAN'
  if (value === Infinity) return 'INF'
  return value === -Infinity ? '-INF' : undefined
}

function shortest(value: number): Digits {
  const [digits = '', exponent = ''] = Math.abs(value).toExponential().split('e')
  return { digits: digits.replace('.', ''), point: Number(exponent) + 1 }
}

/** Most digits for which `toExponential` can say whether there is a tie. */
const MAX_BUILT_IN = 100

/**
 * JavaScript rounds ties up, PHP to even. What lies between two texts ends with a 5 when it is
 * written with one digit more, so everything else is left to the engine.
 */
function significant(value: number, count: number): Digits {
  const size = Math.abs(value)
  if (count >= MAX_BUILT_IN || isNearTie(size, count)) return roundDigits(exactDigits(size), count)
  const [digits = '', exponent = ''] = size.toExponential(count - 1).split('e')
  const trimmed = digits.replace('.', '').replace(/0+$/, '') || '0'
  return { digits: trimmed, point: Number(exponent) + 1 }
}

function isNearTie(size: number, count: number): boolean {
  return size.toExponential(count).split('e')[0]?.endsWith('5') === true
}

/** `0.0001`, `1.0E+25`, `1.5E-7`: with an exponent always a point and a sign, and no padding. */
function layOut(value: number, { digits, point }: Digits, limit: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (point > limit || point < -3) {
    const exponent = point - 1
    const fraction = digits.slice(1) || '0'
    return `${sign}${digits[0] as string}.${fraction}E${exponent < 0 ? '' : '+'}${exponent}`
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  const whole = digits.slice(0, point).padEnd(point, '0')
  const fraction = digits.slice(point)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
