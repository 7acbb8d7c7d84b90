/**
 * Instances of registered classes while a payload is read.
 *
 * @module
 */
import type { PhpObject } from './values.js'

export interface Instances {
  /** What codecs made: objects for PHP, whatever they are in JavaScript. */
  readonly known: Set<unknown>
  /** What `create` made for an object whose properties are still being read. */
  readonly created: Map<object, object>
  /** Objects that become instances when they are complete: nothing can refer to them before. */
  readonly awaited: Set<PhpObject>
}

export function createInstances(): Instances {
  return { known: new Set(), created: new Map(), awaited: new Set() }
}
