/**
 * Objects that serialized themselves. Their data stays as it is, but for the slots in it, which
 * count through everything that stands before.
 *
 * @module
 */
import { peek } from './frame.js'
import type { Nested } from './nested.js'
import type { Slot, Token } from './slots.js'
import { nestedIn } from './unserialize-value.js'
import type { PhpSerializable } from './values.js'
import { bytesOfName, writeAscii } from './write-scalar.js'
import { identityAt, writeHead } from './write-shared.js'
import { refuse, writeRaw, type Writer } from './writer.js'

/** `C:<n>:"<class>":<n>:{<bytes>}` */
export function writeSerializable(writer: Writer, value: PhpSerializable): void {
  const nested = nestedIn(value)
  const { slot: base } = writer
  const data = renumbered(writer, value.data, nested)
  registerPlaces(writer, nested.places)
  writeHead(writer, 'C', bytesOfName(writer, value.className))
  writeAscii(writer, `:${data.length}:{`)
  writeRaw(writer, data)
  writeAscii(writer, '}')
  writer.slot = base + nested.places.length
}

/** What is in the data can be referred to from behind it. */
function registerPlaces(writer: Writer, places: readonly Slot[]): void {
  const seen = (writer.seen ??= new Map())
  places.forEach(({ frame, key }, index) => {
    const identity = identityAt(peek(frame, key))
    if (identity !== undefined && !seen.has(identity)) seen.set(identity, writer.slot + index + 1)
  })
}

/** The data with the slots that its references have where it is written now. */
function renumbered(writer: Writer, data: Uint8Array, nested: Nested): Uint8Array {
  if (nested.tokens.length === 0) return data
  const parts: Uint8Array[] = []
  let from = 0
  for (const token of nested.tokens) {
    parts.push(
      data.subarray(from, token.start + 2),
      Buffer.from(String(slotNow(writer, token, nested))),
    )
    from = token.end - 1
  }
  return Buffer.concat([...parts, data.subarray(from)])
}

/** The slot that a reference in the data has now. */
function slotNow(writer: Writer, { slot }: Token, { base, places, all }: Nested): number {
  // Within the data, or the object itself: all of it moves together.
  if (slot >= base && slot <= base + places.length) return slot - base + writer.slot
  const place = all[slot - 1]
  const identity = place === undefined ? undefined : identityAt(peek(place.frame, place.key))
  // Nothing that can be referred to: as wrong as it was.
  if (identity === undefined) return slot
  return writer.seen?.get(identity) ?? refuse(writer, 'data that refers to what is not written')
}
