/**
 * How objects of PHP classes become objects of JavaScript classes, and back.
 *
 * @module
 */
import type { PhpEnum, PhpObject, PhpSerializable } from './values.js'

/** What PHP writes for an object: `O:`, `E:` or `C:`. */
export type PhpClassValue = PhpObject | PhpEnum | PhpSerializable

/**
 * The codec of one PHP class. `T` is the JavaScript class, `P` what PHP writes for it.
 *
 * Objects within an object are read before it. Sharing is kept: two places with the same PHP object
 * hold the same instance, and the other way round.
 */
export interface PhpClassCodec<T extends object = object, P extends PhpClassValue = PhpObject> {
  /** Whether a JavaScript object is to be written as this class. */
  is(value: object): boolean
  /**
   * The instance of what was read. Whatever it throws becomes a `DecodeError`.
   *
   * @param created What `create` made; to be filled and returned.
   */
  read(value: P, created?: T): T
  /**
   * What to write for an instance; a record is the public properties. Whatever it throws becomes an
   * `EncodeError`.
   */
  write(value: T): P | Readonly<Record<string, unknown>>
  /**
   * Makes an empty instance before the properties are read. Only classes whose objects refer to
   * themselves, directly or through others, need it.
   */
  create?(): T
}

/** A codec of any class. */
export type AnyClassCodec = PhpClassCodec<object, PhpClassValue>

/** Codecs by the name of the PHP class, in any letter case, as PHP compares them. */
export type PhpClasses = Readonly<Record<string, AnyClassCodec>>
