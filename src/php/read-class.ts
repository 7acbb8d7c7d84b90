/**
 * Objects of registered classes: what was read goes to the codec of its class, and the instance
 * stands wherever the object stood.
 *
 * @module
 */
import { checkBuiltIn, checkBuiltInData, refusedClass } from './builtins.js'
import type { AnyClassCodec, PhpClassValue } from './class-codec.js'
import { foldCase, isAllowed } from './class-table.js'
import { fail, type Reader } from './reader.js'
import type { PhpObject, PhpSerializable } from './values.js'

/** The codec for a value, unless there is none or it may not be used. PHP lets any enum through. */
function codecFor({ rules }: Reader, value: PhpClassValue): AnyClassCodec | undefined {
  const { classes, allowed } = rules
  const codec = classes?.get(foldCase(value.className))?.codec
  return 'caseName' in value || isAllowed(allowed, value.className) ? codec : undefined
}

/**
 * Before the properties of an object are read: its instance is made now, or waited for.
 *
 * @throws {DecodeError} For a class that PHP makes no object of.
 */
export function beginObject(reader: Reader, object: PhpObject): void {
  assertMakeable(reader, object.className)
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
  if (!checkBuiltIn(object) && isAllowed(reader.rules.allowed, object.className)) refuseData(reader)
  const { instances } = reader
  if (instances === undefined) return object
  instances.awaited.delete(object)
  return asInstance(reader, object)
}

/** What an object becomes that serialized itself. */
export function completeSerializable(reader: Reader, value: PhpSerializable): object {
  assertMakeable(reader, value.className)
  if (!checkBuiltInData(value) && isAllowed(reader.rules.allowed, value.className)) {
    refuseData(reader)
  }
  return asInstance(reader, value)
}

/** A class that is not allowed is not looked at, whatever it is. */
function assertMakeable(reader: Reader, className: string): void {
  if (!refusedClass(className) || !isAllowed(reader.rules.allowed, className)) return
  fail(reader, reader.pos, 'an object of a class that PHP unserializes')
}

function refuseData(reader: Reader): never {
  return fail(reader, reader.pos, 'properties that the class of PHP takes')
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
