/**
 * What makes two places the same for PHP.
 *
 * @module
 */
import {
  isShared,
  kindOf,
  type PhpEnum,
  type PhpObject,
  type PhpReference,
  type PhpSerializable,
} from './values.js'

/** A value that has an identity in PHP. */
export type Shared = PhpObject | PhpEnum | PhpSerializable

/** What is the same for PHP: the instance, or the case of an enum. */
export function identityOf(value: Shared): unknown {
  return 'caseName' in value ? `${value.className}:${value.caseName}` : value
}

/** Whether a value is a `PhpReference`. */
export function isReference(value: unknown): value is PhpReference {
  return typeof value === 'object' && value !== null && kindOf(value) === 'reference'
}

/**
 * What a place shares with others: its object, or its reference; `undefined` for neither.
 *
 * @param known Instances of registered classes, which are objects, too.
 */
export function identityAt(value: unknown, known?: ReadonlySet<unknown>): unknown {
  const held = isReference(value) ? value.value : value
  if (isShared(held)) return identityOf(held as Shared)
  if (known?.has(held) === true) return held
  return isReference(value) ? value : undefined
}
