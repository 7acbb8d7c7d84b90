/**
 * Reads the variables of a session, in any layout.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { SessionData } from '../serializer.js'
import { foreignFormat } from './foreign.js'
import { createFrame, createHolder, createRecord, Kind, type Frame } from './frame.js'
import type { Layout } from './layout.js'
import { createReader, fail, type Reader } from './reader.js'
import { withSlotsIfNeeded } from './references.js'
import { readValue } from './unserialize-value.js'
import { keepOrder, mayBeIndex } from './variable-order.js'
import type { Format } from './write-variables.js'

/** Data of the bytes. @throws {DecodeError} */
export function decodeVariables(format: Format, payload: Payload): SessionData {
  if (payload.length === 0) return createRecord()
  const { layout } = format
  const reader = openVariables(format, payload)
  return withSlotsIfNeeded(reader, (reader) => {
    const data = createRecord()
    const holder = createHolder(data)
    let order: string[] | undefined
    takeRootSlot(reader, layout, holder)
    layout.read(reader, (name) => {
      // JavaScript puts what looks like an index first: from here on the order has to be kept.
      if (order === undefined && mayBeIndex(name)) order = Object.keys(data)
      readValue(reader, holder, name)
      order?.push(name)
    })
    if (order !== undefined) keepOrder(data, order)
    return data
  })
}

/** A reader of a session. @throws {DecodeError} For another format. */
export function openVariables({ rules }: Format, payload: Payload): Reader {
  const reader = createReader(payload, rules)
  const foreign = foreignFormat(reader.bytes)
  if (foreign !== undefined) {
    fail(reader, 0, `the format ${rules.format}, not ${foreign}, which is not supported,`)
  }
  return reader
}

/** Where the session is one array, that array has the first slot. */
export function takeRootSlot(reader: Reader, layout: Layout, holder: Frame): void {
  if (layout.rootSlots === 0 || reader.slots === undefined) return
  const frame = createFrame(Kind.List, [holder.target], 0)
  reader.slots.places.push({ frame, key: 0 })
}
