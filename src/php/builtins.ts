/**
 * What PHP itself refuses by the name of a class, wherever it runs, so that bytes have the same
 * verdict here as there.
 *
 * @see Zend/zend_API.c, `object_init_ex`; ext/standard/var_unserializer.re, `object_common`
 * @module
 */
import { DATA_CHECKS, OLD_DATA } from './builtin-data.js'
import { builtInName, REFUSED } from './builtin-names.js'
import type { PhpObject, PhpSerializable } from './values.js'

/**
 * Whether PHP makes no object of this class from data: an interface, an abstract class, or one like
 * `Closure`. That is so for `O:`, and for `C:` whatever its data.
 */
export function refusedClass(className: string): boolean {
  const name = builtInName(className)
  return name !== '' && REFUSED.has(name)
}

/** Whether the class is one of PHP's own. None of them is an enum, so `E:` is refused for all. */
export function isBuiltInClass(className: string): boolean {
  return builtInName(className) !== ''
}

/**
 * Whether PHP's own class takes the data of this object, all of which has been read; `true` for
 * classes that take anything, and for classes that are not PHP's.
 */
export function checkBuiltIn(object: PhpObject): boolean {
  const name = builtInName(object.className)
  return name === '' || (DATA_CHECKS.get(name)?.(object.members) ?? true)
}

/**
 * Whether PHP's own class may take these bytes of its own format (`C:`), which PHP before 7.4 wrote.
 *
 * Only how they begin is looked at. A class that has no such format takes any bytes, with a warning,
 * and forgets them.
 */
export function checkBuiltInData({ className, data }: PhpSerializable): boolean {
  const begins = OLD_DATA.get(builtInName(className))
  if (begins === undefined || data.length === 0) return true
  return begins.test(
    Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1', 0, 32),
  )
}
