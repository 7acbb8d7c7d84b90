/**
 * All the digits of a float, and how they are rounded.
 *
 * @module
 */

/** Significant digits without zeros at the end, and how many of them stand before the point. */
export interface Digits {
  readonly digits: string
  readonly point: number
}

const FRACTION_BITS = 52n
const EXPONENT_BIAS = 1075

/** The decimal digits of a finite float that is not negative: a float is a fraction of powers of two. */
export function exactDigits(value: number): Digits {
  if (value === 0) return { digits: '0', point: 1 }
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = Number(bits >> FRACTION_BITS)
  const fraction = bits & ((1n << FRACTION_BITS) - 1n)
  const mantissa = exponent === 0 ? fraction : fraction | (1n << FRACTION_BITS)
  const power = Math.max(exponent, 1) - EXPONENT_BIAS
  // m / 2^n is m * 5^n / 10^n, so the digits of the product are those of the float.
  const scaled = power < 0 ? mantissa * 5n ** BigInt(-power) : mantissa << BigInt(power)
  const text = String(scaled)
  return { digits: withoutZeros(text), point: text.length + Math.min(power, 0) }
}

/** The nearest value of so many digits; of two that are equally near, the even one. */
export function roundDigits(all: Digits, count: number): Digits {
  const { digits, point } = all
  if (digits.length <= count) return all
  const kept = digits.slice(0, count)
  if (!isRoundedUp(digits, count)) {
    return { digits: keepsZeros(all, count) ? kept : withoutZeros(kept), point }
  }
  const raised = String(BigInt(kept) + 1n)
  return { digits: withoutZeros(raised), point: point + raised.length - count }
}

function isRoundedUp(digits: string, count: number): boolean {
  const rest = digits.slice(count)
  if (rest !== '5') return rest >= '5'
  return Number(digits[count - 1]) % 2 === 1
}

/** Whole numbers below 1e15 take a way of their own through PHP's `zend_dtoa`, up to 14 digits. */
const enum Small {
  Digits = 14,
  Point = 15,
}

/** There a tie that is rounded down keeps its zeros (a quirk): `2.00E+6` for 2005000 at precision 3. */
function keepsZeros({ digits, point }: Digits, count: number): boolean {
  const whole = digits.length <= point && point <= Small.Point
  return whole && count <= Small.Digits && digits.slice(count) === '5'
}

function withoutZeros(text: string): string {
  return text.replace(/0+$/, '') || '0'
}
