/**
 * Registered classes, ready for use.
 *
 * @module
 */
import { assertFunction } from '../lib/check.js'
import type { AnyClassCodec, PhpClasses } from './class-codec.js'
import { isClassName } from './members.js'

/** A class and its codec. */
export interface RegisteredClass {
  /** As it was registered, and is written. */
  readonly className: string
  readonly codec: AnyClassCodec
}

/** Classes by their lower-case names, in the order of registration. */
export type ClassTable = ReadonlyMap<string, RegisteredClass>

/** What objects of which classes may become; everything else stays a value class. */
export type AllowedClasses = ReadonlySet<string> | boolean

/** PHP compares names of classes without regard to the case of ASCII letters. */
export function foldCase(className: string): string {
  return className.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/**
 * @returns `undefined` for no classes, so that nobody has to look for one.
 * @throws {TypeError | RangeError} For a name PHP could not have, or what is no codec.
 */
export function createClassTable(classes: PhpClasses | undefined): ClassTable | undefined {
  if (classes === undefined) return undefined
  if (typeof classes !== 'object' || classes === null || Array.isArray(classes)) {
    throw new TypeError('"classes" must be an object of codecs by PHP class name')
  }
  const table = new Map<string, RegisteredClass>()
  for (const [className, codec] of Object.entries(classes)) {
    if (!isClassName(className)) throw new RangeError('"classes" has a name no PHP class can have')
    for (const method of ['is', 'read', 'write'] as const) {
      assertFunction(`classes.${className}.${method}`, codec[method])
    }
    if (codec.create !== undefined) assertFunction(`classes.${className}.create`, codec.create)
    if (table.has(foldCase(className))) {
      throw new RangeError(`"classes" has ${className} twice, in two letter cases`)
    }
    table.set(foldCase(className), { className, codec })
  }
  return table.size === 0 ? undefined : table
}

/** @throws {TypeError} Unless it is a boolean or a list of names. */
export function createAllowed(allowed: unknown): AllowedClasses {
  if (allowed === undefined || typeof allowed === 'boolean') return allowed ?? true
  if (!Array.isArray(allowed) || !allowed.every((name) => typeof name === 'string')) {
    throw new TypeError('"allowedClasses" must be true, false or a list of class names')
  }
  return new Set(allowed.map(foldCase))
}

export function isAllowed(allowed: AllowedClasses, className: string): boolean {
  return typeof allowed === 'boolean' ? allowed : allowed.has(foldCase(className))
}

/** The class an instance is written as. */
export function classFor(table: ClassTable, value: object): RegisteredClass | undefined {
  for (const registered of table.values()) if (registered.codec.is(value)) return registered
  return undefined
}
