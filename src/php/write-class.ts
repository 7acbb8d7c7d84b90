/**
 * Instances of registered classes, as PHP writes them.
 *
 * @module
 */
import { isPlainObject } from '../lib/plain-object.js'
import type { PhpClassValue } from './class-codec.js'
import type { RegisteredClass } from './class-table.js'
import { isShared, PhpObject } from './values.js'
import { refuse, type Writer } from './writer.js'

/** An instance and the class it is written as. */
export interface Instance {
  readonly value: object
  readonly registered: RegisteredClass
}

/** What the codec of its class makes of an instance. @throws {EncodeError} */
export function imageOf(writer: Writer, { value, registered }: Instance): PhpClassValue {
  const { className, codec } = registered
  const image = encoded(writer, () => codec.write(value))
  if (isShared(image)) return image as PhpClassValue
  if (isRecord(image)) return new PhpObject(className, image)
  return refuse(writer, 'a class whose codec wrote neither properties nor a value of PHP')
}

/** Calls a codec, which is not ours. */
function encoded(writer: Writer, call: () => unknown): unknown {
  try {
    return call()
  } catch (cause) {
    return refuse(writer, 'an instance that the codec of its class does not write', cause)
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && isPlainObject(value)
}
