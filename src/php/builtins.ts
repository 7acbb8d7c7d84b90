/**
 * What PHP itself refuses by the name of a class, wherever it runs, so that bytes have the same
 * verdict here as there.
 *
 * @see Zend/zend_API.c, `object_init_ex`; ext/standard/var_unserializer.re, `object_common`
 * @module
 */
import { DATA_CHECKS } from './builtin-data.js'
import { builtInName, REFUSED } from './builtin-names.js'
import type { PhpObject } from './values.js'

/**
 * Whether PHP makes no object of this class from data: an interface, an abstract class, or one like
 * `Closure`. That is so for `O:`, and for `C:` whatever its data.
 */
export function refusedClass(className: string): boolean {
  return REFUSED.has(builtInName(className) ?? '')
}

/** Whether the class is one of PHP's own. None of them is an enum, so `E:` is refused for all. */
export function isBuiltInClass(className: string): boolean {
  return builtInName(className) !== undefined
}

/**
 * Whether PHP's own class takes the data of this object, all of which has been read; `true` for
 * classes that take anything, and for classes that are not PHP's.
 */
export function checkBuiltIn(object: PhpObject): boolean {
  return DATA_CHECKS.get(builtInName(object.className) ?? '')?.(object.members) ?? true
}
