/**
 * What both directions of wddx know: the packet around the variables, and the rules of one codec.
 *
 * @see ext/wddx/wddx.c, `PS_SERIALIZER_ENCODE_FUNC(wddx)`; ext/wddx/php_wddx_api.h (PHP 7.3)
 * @module
 */
import { DecodeError } from '../errors.js'

/** PHP's name of the format. */
export const FORMAT = 'wddx'

/** What PHP writes before the first variable. */
export const HEAD = "<wddxPacket version='1.0'><header/><data><struct>"

/** What PHP writes behind the last variable. */
export const TAIL = '</struct></data></wddxPacket>'

/** The variable that makes an object of a struct, when it is a string that is not empty. */
export const CLASS_NAME = 'php_class_name'

/** How one codec reads and writes. */
export interface WddxRules {
  /** Whether reading makes a `PhpFloat` where a number would lose something. */
  readonly exact: boolean
  /** Most containers with entries within each other, in each variable; `Infinity` for no limit. */
  readonly maxDepth: number
  /** Most bytes of a payload; `Infinity` for no limit. */
  readonly maxLength: number
}

/** @throws {DecodeError} Always. The message says what was expected, never what was found. */
export function fail(offset: number, expected: string): never {
  throw new DecodeError(FORMAT, offset, expected)
}
