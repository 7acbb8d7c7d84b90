/**
 * Keeps out of sessions what PHP's own classes would refuse when they are read, which ends the
 * session in PHP.
 *
 * @module
 */
import { checkBuiltIn, checkBuiltInData, isBuiltInClass, refusedClass } from './builtins.js'
import { isAllowed } from './class-table.js'
import type { Shared } from './identity.js'
import { refuse, type Writer } from './writer.js'

/**
 * @param className The class that is written, which an incomplete object has in a property.
 * @throws {EncodeError} For an object that PHP makes no value of.
 */
export function assertReadable(writer: Writer, value: Shared, className: string): void {
  if ('caseName' in value) {
    if (isBuiltInClass(className)) refuse(writer, 'a case of a class of PHP that is no enum')
    return
  }
  if (!isAllowed(writer.rules.allowed, className)) return
  if (refusedClass(className)) refuse(writer, 'an object of a class that PHP does not unserialize')
  const isTaken = 'members' in value ? checkBuiltIn(value) : checkBuiltInData(value)
  if (!isTaken) refuse(writer, 'an object with properties that its class of PHP does not take')
}
