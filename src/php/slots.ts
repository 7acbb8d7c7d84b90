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

/** What was found in the data of objects that serialized themselves; see nested.ts. */
export interface NestedFinds {
  values: number
  tokens: number
  /** How many values were in the data of each class. */
  readonly classes: Map<string, number>
  /** What remains to be done once everything is read. */
  readonly settle: (() => void)[]
}

/** Whether a class that serialized itself wrote its data by `serialize()`. */
export type Nests = (className: string) => boolean

/** What a reader keeps once the payload is known to have references. */
export interface SlotTable {
  readonly places: Slot[]
  readonly tokens: Token[]
  /** Whether values in the data of objects of a class take slots, too. */
  readonly nests: Nests
  /** How deep in such data the reader is. */
  readonly level: number
  readonly finds: NestedFinds
}

/** A table without slots yet. */
export function createSlots(nests: Nests): SlotTable {
  const finds = { values: 0, tokens: 0, classes: new Map<string, number>(), settle: [] }
  return { places: [], tokens: [], nests, level: 0, finds }
}
