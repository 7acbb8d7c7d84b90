/**
 * Reads a previous payload with everything its references say.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { SessionData } from '../serializer.js'
import { createHolder, createRecord, peek } from './frame.js'
import type { Layout } from './layout.js'
import { openVariables, takeRootSlot } from './read-variables.js'
import type { Reader } from './reader.js'
import { readWithSlots } from './references.js'
import type { SlotTable, Token } from './slots.js'
import { readValue } from './unserialize-value.js'
import type { Format } from './write-variables.js'
import { identityAt } from './identity.js'

/** One variable of the previous payload. */
export interface Variable {
  readonly start: number
  readonly end: number
  /** Slots of its values: from the first up to, not including, the next variable's. */
  readonly firstSlot: number
  readonly nextSlot: number
  readonly tokens: readonly Token[]
  /** Whether all its slots are in `tokens`: none is in the data of an object. */
  readonly movable: boolean
}

/** The previous payload, read with slots. */
export interface Previous {
  readonly payload: Payload
  readonly data: SessionData
  readonly variables: ReadonlyMap<string, Variable>
  /** Whether two variables have the same name. */
  readonly ambiguous: boolean
  /** The variable each slot belongs to. */
  readonly owners: readonly (Variable | undefined)[]
  /** First slot of everything that can be referred to. */
  readonly slots: ReadonlyMap<unknown, number>
}

/** @throws {DecodeError} */
export function readPrevious(format: Format, payload: Payload): Previous {
  const { layout } = format
  return readWithSlots(openVariables(format, payload), (reader) => readAll(reader, layout, payload))
}

function readAll(reader: Reader, layout: Layout, payload: Payload): Previous {
  const data = createRecord()
  const holder = createHolder(data)
  takeRootSlot(reader, layout, holder)
  const { places, tokens, finds } = reader.slots as SlotTable
  const variables = new Map<string, Variable>()
  const owners: (Variable | undefined)[] = []
  let total = 0
  layout.read(reader, (name, start) => {
    const firstSlot = places.length + 1
    const firstToken = tokens.length
    const nestedTokens = finds.tokens
    readValue(reader, holder, name)
    const nextSlot = places.length + 1
    const own = tokens.slice(firstToken)
    const movable = finds.tokens === nestedTokens
    const variable = { start, end: reader.pos, firstSlot, nextSlot, tokens: own, movable }
    variables.set(name, variable)
    for (let slot = firstSlot; slot < nextSlot; slot += 1) owners[slot] = variable
    total += 1
  })
  const ambiguous = total > variables.size
  return { payload, data, variables, ambiguous, owners, slots: slotsOf(reader) }
}

/** The first slot of each object, enum case and reference, once everything is read. */
function slotsOf({ slots: table, instances }: Reader): Map<unknown, number> {
  const slots = new Map<unknown, number>()
  table?.places.forEach(({ frame, key }, index) => {
    const identity = identityAt(peek(frame, key), instances?.known)
    if (identity !== undefined && !slots.has(identity)) slots.set(identity, index + 1)
  })
  return slots
}
