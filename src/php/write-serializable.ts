/**
 * Objects that serialized themselves. Their data stays as it is, but for the slots in it, which
 * count through everything that stands before.
 *
 * @module
 */
import type { Link } from './nested.js'
import { nestedIn } from './unserialize-value.js'
import type { PhpSerializable } from './values.js'
import { bytesOfName, writeAscii } from './write-scalar.js'
import { giveSlot, slotOf, writeHead } from './write-shared.js'
import { refuse, writeRaw, type Writer } from './writer.js'

/** `C:<n>:"<class>":<n>:{<bytes>}` */
export function writeSerializable(writer: Writer, value: PhpSerializable): void {
  const { identities, links } = nestedIn(value)
  const data = renumbered(writer, value.data, links)
  registerNested(writer, identities)
  writeHead(writer, 'C', bytesOfName(writer, value.className))
  writeAscii(writer, `:${data.length}:{`)
  writeRaw(writer, data)
  writeAscii(writer, '}')
  writer.slot += identities.length
}

/** What is in the data can be referred to from behind it. */
function registerNested(writer: Writer, identities: readonly unknown[]): void {
  identities.forEach((identity, index) => {
    if (identity !== undefined) giveSlot(writer, identity, writer.slot + index + 1)
  })
}

/** The data with the slots that its references have where it is written now. */
function renumbered(writer: Writer, data: Uint8Array, links: readonly Link[]): Uint8Array {
  if (links.length === 0) return data
  const parts: Uint8Array[] = []
  let from = 0
  for (const link of links) {
    const slot = String(slotNow(writer, link))
    parts.push(data.subarray(from, link.start + 2), Buffer.from(slot))
    from = link.end - 1
  }
  return Buffer.concat([...parts, data.subarray(from)])
}

/** The slot that a reference in the data has now. */
function slotNow(writer: Writer, { slot, within, identity }: Link): number {
  if (within !== undefined) return writer.slot + within
  // Nothing that can be referred to: as wrong as it was.
  if (identity === undefined) return slot
  return slotOf(writer, identity) ?? refuse(writer, 'data that refers to what is not written')
}
