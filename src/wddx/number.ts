/**
 * `<number>`: PHP's numeric strings.
 *
 * PHP differs: it writes floats with the digits of the ini setting `precision`, 14 by default, and
 * whole ones like ints; here they have the digits that read back the same, and a point.
 *
 * @see Zend/zend_operators.c, `_is_numeric_string_ex`
 * @module
 */
import { floatText } from '../php/float.js'
import { isPhpInt } from '../php/keys.js'
import { PhpFloat } from '../php/values.js'

const NUMERIC = /^[\t-\r ]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[\t-\r ]*$/
const INTEGER = /^([+-]?)0*(\d+)$/

/**
 * The number of a text; `undefined` where PHP would make another one of it or none.
 *
 * @param exact Whether a float that a number would not keep is a `PhpFloat`.
 */
export function readNumber(text: string, exact: boolean): number | bigint | PhpFloat | undefined {
  // An element without text is what PHP begins with.
  if (text === '') return 0
  const digits = NUMERIC.exec(text)?.[1]
  if (digits === undefined) return undefined
  const value = integerOf(digits)
  if (value !== undefined) return value
  const float = Number(digits)
  if (!Number.isFinite(float)) return undefined
  return exact ? exactFloat(float, digits) : float
}

/** The int of digits without a point; `undefined` for what PHP makes a float of. */
function integerOf(digits: string): number | bigint | undefined {
  const [, sign = '', significant = ''] = INTEGER.exec(digits) ?? []
  if (significant === '' || significant.length > 19) return undefined
  const exact = BigInt(significant) * (sign === '-' ? -1n : 1n)
  const value = Number(exact)
  if (Number.isSafeInteger(value)) return value
  return isPhpInt(exact) ? exact : undefined
}

function exactFloat(value: number, digits: string): number | PhpFloat {
  const canonical = digits === textOfFloat(value)
  if (canonical && !isInt(value)) return value
  return new PhpFloat(value, canonical ? undefined : digits)
}

/** Whether the number is written as an int. */
function isInt(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

/** The text of a finite number. */
export function numberText(value: number): string {
  return isInt(value) ? String(value) : textOfFloat(value)
}

/** The text of a `PhpFloat`: its own, where it is of a float and `exact` asks for it. */
export function phpFloatText({ value, text }: PhpFloat, exact: boolean): string {
  const kept = exact && text !== undefined && isTextOf(text, value)
  return kept ? text : textOfFloat(value)
}

function isTextOf(text: string, value: number): boolean {
  const isFloat = NUMERIC.exec(text)?.[1] === text && integerOf(text) === undefined
  return isFloat && Object.is(Number(text), value)
}

/** Never the text of an int. */
function textOfFloat(value: number): string {
  const text = floatText(value)
  return /[.E]/.test(text) ? text : `${text}.0`
}
