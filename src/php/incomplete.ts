/**
 * Objects whose class PHP did not know when it read them.
 *
 * @see ext/standard/incomplete_class.c
 * @module
 */
import { isClassName } from './members.js'
import type { PhpObject } from './values.js'
import type { Entry } from './write-frame.js'

const CLASS = '__php_incomplete_class'
const NAME = '__PHP_Incomplete_Class_Name'

/**
 * The class and the properties PHP writes for an object: for one of an unknown class the name that
 * it keeps in a property, without that property.
 */
export function partsOf({ className, members }: PhpObject): {
  readonly className: string
  readonly entries: readonly Entry[]
} {
  const entries = [...members]
  if (className.length !== CLASS.length || className.toLowerCase() !== CLASS) {
    return { className, entries }
  }
  const name = members.get(NAME)
  // A name that PHP could not read back would lose the object.
  if (typeof name !== 'string' || !isClassName(name)) return { className, entries }
  return { className: name, entries: entries.filter(([key]) => key !== NAME) }
}
