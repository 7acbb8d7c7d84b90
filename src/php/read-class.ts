/**
 * Objects of registered classes: what was read goes to the codec of its class, and the instance
 * stands wherever the object stood.
 *
 * @module
 */
import type { AnyClassCodec, PhpClassValue } from './class-codec.js'
import { foldCase, isAllowed } from './class-table.js'
import { fail, type Reader } from './reader.js'
import type { PhpObject } from './values.js'

/** The codec for a value, unless there is none or it may not be used. PHP lets any enum through. */
function codecFor({ rules }: Reader, value: PhpClassValue): AnyClassCodec | undefined {
  const { classes, allowed } = rules
  const codec = classes?.get(foldCase(value.className))?.codec
  return 'caseName' in value || isAllowed(allowed, value.className) ? codec : undefined
}

/** Before the properties of an object are read: its instance is made now, or waited for. */
export function beginObject(reader: Reader, object: PhpObject): void {
  const { instances } = reader
  const codec = instances && codecFor(reader, object)
  if (instances === undefined || codec === undefined) return
  if (codec.create === undefined) return void instances.awaited.add(object)
  const created = run(reader, () => codec.create?.())
  instances.created.set(object, created)
  instances.known.add(created)
}

/** What a container is to those within it that refer to it. */
export function partOf({ instances }: Reader, container: object): object {
  return instances?.created.get(container) ?? container
}

/** What an object becomes that has all its properties. */
export function completeObject(reader: Reader, object: PhpObject): object {
  const { instances } = reader
  if (instances === undefined) return object
  instances.awaited.delete(object)
  return asInstance(reader, object)
}

/** What a codec makes of an object, an enum case or an object that serialized itself. */
export function asInstance(reader: Reader, value: PhpClassValue): object {
  const { instances } = reader
  const codec = instances && codecFor(reader, value)
  if (instances === undefined || codec === undefined) return value
  const created = instances.created.get(value)
  const instance = run(reader, () => codec.read(value, created))
  if (created !== undefined && instance !== created) refuse(reader)
  instances.known.add(instance)
  return instance
}

/** Calls a codec, which is not ours: whatever it does wrong is a `DecodeError`. */
function run(reader: Reader, call: () => unknown): object {
  let instance: unknown
  try {
    instance = call()
  } catch (cause) {
    refuse(reader, cause)
  }
  return typeof instance === 'object' && instance !== null ? instance : refuse(reader)
}

function refuse(reader: Reader, cause?: unknown): never {
  return fail(reader, reader.pos, 'an object that the codec of its class takes', cause)
}
