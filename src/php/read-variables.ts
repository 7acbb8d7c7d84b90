/**
 * Reads the variables of a session, in any layout.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { SessionData } from '../serializer.js'
import { createFrame, createHolder, createRecord, Kind, type Frame } from './frame.js'
import type { Layout } from './layout.js'
import { createReader, fail, type Reader } from './reader.js'
import { withSlotsIfNeeded } from './references.js'
import { readValue } from './unserialize-value.js'
import { keepOrder } from './variable-order.js'
import type { Format } from './write-variables.js'

/** Data of the bytes. @throws {DecodeError} */
export function decodeVariables(format: Format, payload: Payload): SessionData {
  if (payload.length === 0) return createRecord()
  const { layout, rules } = format
  const reader = openVariables(format, payload)
  return withSlotsIfNeeded(reader, (reader) => {
    const data = createRecord()
    const holder = createHolder(data)
    const names: string[] = []
    takeRootSlot(reader, layout, holder)
    layout.read(reader, (name) => {
      readValue(reader, holder, name)
      if (rules.exact) names.push(name)
    })
    if (rules.exact) keepOrder(data, names)
    return data
  })
}

/** A reader of a session. */
export function openVariables({ rules }: Format, payload: Payload): Reader {
  const reader = createReader(payload, rules)
  refuseIgbinary(reader)
  return reader
}

/** Where the session is one array, that array has the first slot. */
export function takeRootSlot(reader: Reader, layout: Layout, holder: Frame): void {
  if (layout.rootSlots === 0 || reader.slots === undefined) return
  const frame = createFrame(Kind.List, [holder.target], 0)
  reader.slots.places.push({ frame, key: 0 })
}

/** `igbinary` begins with its version as four bytes; without this, the reason would be hard to see. */
function refuseIgbinary(reader: Reader): void {
  const { bytes } = reader
  if (bytes.length < 4 || bytes.readUIntBE(0, 3) !== 0 || (bytes[3] !== 1 && bytes[3] !== 2)) return
  fail(reader, 0, `the format ${reader.rules.format}, not igbinary, which is not supported,`)
}
