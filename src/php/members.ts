/**
 * What PHP calls classes, cases and properties.
 *
 * @module
 */

/** Who may use a property in PHP. */
export type PhpVisibility = 'public' | 'protected' | 'private'

/** One property of a `PhpObject`. */
export interface PhpProperty {
  readonly name: string
  readonly visibility: PhpVisibility
  /** The class that declares a private property. */
  readonly declaringClass?: string
  readonly value: unknown
}

const CLASS_NAME = /^[\w\x80-\uffff][\w\x80-\uffff\\]*$/
const IDENTIFIER = /^[A-Za-z_\x80-\uffff][\w\x80-\uffff]*$/

/** Whether PHP's reader takes the text as the name of a class. */
export function isClassName(text: string): boolean {
  return CLASS_NAME.test(text)
}

/** Whether the text can name a case of an enum. */
export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text)
}

/** The name PHP writes for a property. */
export function memberName(
  className: string,
  { name, visibility, declaringClass }: PhpProperty,
): string {
  if (visibility === 'public') return name
  return `\0${visibility === 'protected' ? '*' : (declaringClass ?? className)}\0${name}`
}

/** What a written name says. */
export function splitName(key: string): Omit<PhpProperty, 'value'> {
  const end = key.startsWith('\0') ? key.indexOf('\0', 1) : -1
  if (end < 0) return { name: key, visibility: 'public' }
  const name = key.slice(end + 1)
  const owner = key.slice(1, end)
  if (owner === '*') return { name, visibility: 'protected' }
  return { name, visibility: 'private', declaringClass: owner }
}
