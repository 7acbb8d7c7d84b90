/**
 * PHP values for which JavaScript has no type. They are inert: reading never runs code of a class,
 * and what was read is written back as it was.
 *
 * @module
 */

import { isClassName, isIdentifier, memberName, splitName, type PhpProperty } from './members.js'

/**
 * What marks the value classes. Registered, so that an ESM and a CJS copy know each other's values.
 */
export const PHP_KIND = Symbol.for('sessionz.php.kind')

/** Which value class an object belongs to. */
export type PhpKind = 'object' | 'enum' | 'serializable' | 'reference' | 'float'

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * An object of a PHP class. Two places that hold the same instance are one object for PHP, too.
 *
 * Names are text; bytes of a name that are not UTF-8 stand as `U+DC80` to `U+DCFF`.
 */
export class PhpObject {
  readonly className: string
  /**
   * Properties in PHP's order, under the names PHP writes: `name`, `"\0*\0name"` where protected,
   * `"\0Class\0name"` where private to `Class`, a number where a class wrote an integer key.
   */
  readonly members: Map<string | number | bigint, unknown>

  /**
   * @param properties Public properties.
   * @throws {RangeError} When the class name is not one PHP could have.
   */
  constructor(className: string, properties: Readonly<Record<string, unknown>> = {}) {
    this.className = className
    this.members = new Map(Object.entries(properties))
    assertClassName(className)
  }

  get [PHP_KIND](): PhpKind {
    return 'object'
  }

  /** The value of the property of this name, whatever its visibility; `undefined` without one. */
  get(name: string): unknown {
    const key = keyOf(this, name)
    return key === undefined ? undefined : this.members.get(key)
  }

  /** Changes the property of this name in its place and visibility; a new one is public and last. */
  set(name: string, value: unknown): this {
    this.members.set(keyOf(this, name) ?? name, value)
    return this
  }

  has(name: string): boolean {
    return keyOf(this, name) !== undefined
  }

  /** Removes a property. @returns Whether there was one. */
  delete(name: string): boolean {
    const key = keyOf(this, name)
    return key !== undefined && this.members.delete(key)
  }

  /** Adds or replaces exactly this property: name, visibility and declaring class together. */
  define(property: PhpProperty): this {
    this.members.set(memberName(this.className, property), property.value)
    return this
  }

  /** The properties in PHP's order. */
  properties(): PhpProperty[] {
    return Array.from(this.members, ([key, value]) => ({ ...splitName(String(key)), value }))
  }

  [INSPECT](): object {
    return viewOf(this)
  }
}

/** One case of a PHP enum. PHP has each case once, so two instances of a case are the same. */
export class PhpEnum {
  readonly className: string
  readonly caseName: string

  /** @throws {RangeError} When a name is not one PHP could have. */
  constructor(className: string, caseName: string) {
    this.className = className
    this.caseName = caseName
    assertClassName(className)
    if (!isIdentifier(caseName)) throw new RangeError('"caseName" must be a PHP identifier')
  }

  get [PHP_KIND](): PhpKind {
    return 'enum'
  }

  [INSPECT](): string {
    return `PhpEnum<${this.className}::${this.caseName}>`
  }
}

/** An object that serialized itself (PHP's old `Serializable`): a class and its own bytes. */
export class PhpSerializable {
  readonly className: string
  readonly data: Uint8Array

  /** @throws {RangeError} When the class name is not one PHP could have. */
  constructor(className: string, data: Uint8Array) {
    this.className = className
    this.data = data
    assertClassName(className)
  }

  get [PHP_KIND](): PhpKind {
    return 'serializable'
  }
}

/**
 * A PHP reference (`&`): every place that holds this instance sees the same `value`. Objects are
 * shared without one.
 */
export class PhpReference {
  value: unknown

  constructor(value: unknown) {
    this.value = value
  }

  get [PHP_KIND](): PhpKind {
    return 'reference'
  }
}

/** What PHP's reader takes for a float, apart from the names of what is no number. */
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * A float, also where JavaScript would take the number for an int: `new PhpFloat(5)` is `d:5;`.
 *
 * Calculates and compares as its number does.
 */
export class PhpFloat {
  readonly value: number
  /** The digits it was read with, where they are not the shortest. */
  readonly text: string | undefined

  /** @throws {TypeError | RangeError} For what is no number, or a text of another number. */
  constructor(value: number, text?: string) {
    if (typeof value !== 'number') throw new TypeError('"value" must be a number')
    const isText = text === undefined || (FLOAT.test(text) && Object.is(Number(text), value))
    if (!isText) throw new RangeError('"text" must be digits of "value"')
    this.value = value
    this.text = text
  }

  get [PHP_KIND](): PhpKind {
    return 'float'
  }

  valueOf(): number {
    return this.value
  }

  toString(): string {
    return String(this.value)
  }

  toJSON(): number {
    return this.value
  }

  [INSPECT](): string {
    return `PhpFloat<${this.text ?? this.value}>`
  }
}

/** What `inspect` shows for an object; one for each, as it knows a cycle by what it meets again. */
const views = new WeakMap<PhpObject, Record<string, unknown>>()

function viewOf(object: PhpObject): object {
  const view = views.get(object) ?? createView(`PhpObject<${object.className}>`)
  views.set(object, view)
  for (const name of Object.keys(view)) Reflect.deleteProperty(view, name)
  for (const { name, visibility, value } of object.properties()) {
    const shown = visibility === 'public' ? name : `${name}:${visibility}`
    Object.defineProperty(view, shown, { value, enumerable: true, configurable: true })
  }
  return view
}

/** An object whose class has this name. */
function createView(name: string): Record<string, unknown> {
  const View = { [name]: class {} }[name] as new () => Record<string, unknown>
  return new View()
}

/** Any of the value classes. */
export type PhpValue = PhpObject | PhpEnum | PhpSerializable | PhpReference | PhpFloat

/** The value class of an object, also of another copy of this library. */
export function kindOf(value: object): PhpKind | undefined {
  return (value as Partial<PhpValue>)[PHP_KIND]
}

/** Whether PHP treats the value as an object, which places share by identity. */
export function isShared(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const kind = kindOf(value)
  return kind !== undefined && kind !== 'reference' && kind !== 'float'
}

function assertClassName(text: string): void {
  if (!isClassName(text)) throw new RangeError('"className" must be the name of a PHP class')
}

/** What a plain name means: public, else protected, else private here, else private above. */
function keyOf(object: PhpObject, name: string): string | number | bigint | undefined {
  const { members, className } = object
  for (const key of [name, `\0*\0${name}`, `\0${className}\0${name}`]) {
    if (members.has(key)) return key
  }
  for (const key of members.keys()) {
    if (splitName(String(key)).name === name) return key
  }
  return undefined
}
