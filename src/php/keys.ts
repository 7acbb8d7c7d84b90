/**
 * PHP's array keys: integers, or strings that do not read as one.
 *
 * @see Zend/zend_hash.h, `ZEND_HANDLE_NUMERIC_STR`
 * @module
 */

/** As read from PHP: a bigint where a number would not be exact, bytes where it is not UTF-8. */
export type PhpKey = number | bigint | string | Uint8Array

/** The largest name that JavaScript objects sort as an index. */
export const MAX_INDEX = 0xffff_fffe

const MIN_INT = -(2n ** 63n)
const MAX_INT = 2n ** 63n - 1n

const DECIMAL = /^(?:0|-?[1-9]\d{0,18})$/

/** Whether a bigint fits PHP's int. */
export function isPhpInt(value: bigint): boolean {
  return value >= MIN_INT && value <= MAX_INT
}

/** Whether a number is written as an int: -0 and what is not exact are floats. */
export function isIntegral(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

/** The integer PHP makes of a string key; `undefined` when it stays a string. */
export function integerKey(text: string): number | bigint | undefined {
  if (text.length > 20 || !DECIMAL.test(text)) return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  const exact = BigInt(text)
  return isPhpInt(exact) ? exact : undefined
}

/** The integer of a decimal text; beyond 64 bits PHP takes the nearest it has. */
export function saturate(digits: string, negative: boolean): number | bigint {
  const significant = digits.replace(/^0+(?=\d)/, '')
  const limit = negative ? MIN_INT : MAX_INT
  if (significant.length > 19) return limit
  const exact = BigInt(negative ? `-${significant}` : significant)
  const value = Number(exact)
  if (Number.isSafeInteger(value)) return value
  return isPhpInt(exact) ? exact : limit
}
