/** Data that may still be read, and says so when somebody writes. */
import { StateError } from '../errors.js'

/**
 * A view of plain data on which every change, at any depth, is a `StateError`.
 *
 * @param reason The error's message: why it is too late.
 */
export function sealed<T extends object>(target: T, reason: string): T {
  const refuse = (): never => {
    throw new StateError(reason)
  }
  return new Proxy(target, {
    get(from, key, receiver) {
      const value: unknown = Reflect.get(from, key, receiver)
      return isPlain(value) ? sealed(value, reason) : value
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
  })
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
