/**
 * What a reader keeps once it knows that a payload has references.
 *
 * @module
 */
import type { Frame } from './frame.js'
import type { PhpKey } from './keys.js'

/** A place: an entry of a container. */
export interface Slot {
  readonly frame: Frame
  readonly key: PhpKey
}

/** One `r:` or `R:` in the payload. */
export interface Token {
  readonly start: number
  readonly end: number
  readonly slot: number
}

/** What a reader keeps once the payload is known to have references. */
export interface SlotTable {
  readonly places: Slot[]
  readonly tokens: Token[]
  /** Whether only the slots are counted: references lead nowhere then. */
  readonly counting: boolean
}
