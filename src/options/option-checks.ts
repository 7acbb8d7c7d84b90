/** Checks of options that are more than a plain value. */
import { assertOneOf, assertString } from '../lib/check.js'
import type { StandardSchema } from '../lib/standard-schema.js'
import type { Serializer } from '../serializer.js'

/** @throws {TypeError} Unless it is a list; the chain looks at each handler. */
export function assertHandlers(label: string, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`"${label}" must be an array of handlers`)
}

/** @throws {TypeError} Unless it is a serializer, or text that may be the name of one. */
export function assertSerializer(label: string, value: unknown): void {
  const codec = value as Partial<Serializer> | null
  const fits =
    typeof value === 'string' ||
    (typeof codec?.encode === 'function' && typeof codec.decode === 'function')
  if (!fits) throw new TypeError(`"${label}" must be a serializer or the name of one`)
}

/** @throws {TypeError} Unless it is a validator of Standard Schema v1. */
export function assertSchema(label: string, value: unknown): void {
  const standard = (value as Partial<StandardSchema> | null)?.['~standard']
  if (standard?.version === 1 && typeof standard.validate === 'function') return
  throw new TypeError(`"${label}" must be a validator of Standard Schema v1`)
}

/** @throws {TypeError | RangeError} Unless it is a policy for conflicts or a function. */
export function assertConflict(label: string, value: unknown): void {
  if (typeof value !== 'function') assertOneOf(label, value, ['mine', 'theirs', 'error'])
}

/** @throws {TypeError} Unless it is an object; what is in it is checked elsewhere. */
export function assertObject(label: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`"${label}" must be an object`)
  }
}

/** @throws {TypeError} Unless it is text with commas, or a list of what would stand between them. */
export function assertList(label: string, value: unknown): void {
  if (!Array.isArray(value)) return assertString(label, value)
  for (const each of value) assertString(`${label}[]`, each)
}
