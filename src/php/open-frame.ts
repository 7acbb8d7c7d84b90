/**
 * The head of a container.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import { digitsOf, putDigits, Room } from './put.js'
import { Shape, type WriteFrame } from './write-frame.js'
import { writeAscii } from './write-scalar.js'
import { writeObjectHead } from './write-shared.js'
import { refuse, reserve, type Writer } from './writer.js'

/** Writes the head. @returns The frame, unless it has no entries. */
export function openFrame(
  writer: Writer,
  parent: WriteFrame | undefined,
  frame: WriteFrame,
): WriteFrame | undefined {
  const { shape, source, size } = frame
  frame.parent = parent
  frame.depth = parent === undefined ? 1 + writer.rules.rootDepth : parent.depth + 1
  frame.anchor = anchorOf(writer, parent, source)
  if (shape === Shape.Object) writeObjectHead(writer, frame.className)
  writeCount(writer, frame)
  const { maxDepth } = writer.rules
  // PHP's reader counts an object without properties, but no array without entries.
  if (frame.depth > maxDepth && (size > 0 || shape === Shape.Object)) {
    refuse(writer, `nesting deeper than ${maxDepth}`)
  }
  if (size > 0) return frame
  writeAscii(writer, '}')
  return undefined
}

/** `a:<n>:{`, of which an object has the first part already. */
function writeCount(writer: Writer, frame: WriteFrame): void {
  reserve(writer, Room.Small)
  const { bytes } = writer
  let at = writer.pos
  if (frame.shape !== Shape.Object) {
    bytes[at] = Tag.Array
    bytes[at + 1] = Byte.Colon
    at += 2
  }
  frame.countAt = at
  at = putDigits(bytes, at, frame.size)
  bytes[at] = Byte.Colon
  bytes[at + 1] = Byte.OpenBrace
  writer.pos = at + 2
}

/** Where a count is, and how many digits there is room for. */
export interface CountPlace {
  readonly countAt: number
  readonly width: number
}

/** Writes the count that a container has in the end; it may have other digits than there is room. */
export function correctCount(writer: Writer, { countAt, width }: CountPlace, count: number): void {
  const shift = digitsOf(count) - width
  if (shift !== 0) {
    if (shift > 0) reserve(writer, shift)
    writer.bytes.copyWithin(countAt + width + shift, countAt + width, writer.pos)
    writer.pos += shift
  }
  putDigits(writer.bytes, countAt, count)
}

/**
 * Finds cycles with one comparison per container: each remembers the container at the last depth
 * that is a power of two (Brent's algorithm). Objects and references are entered once only, so a way
 * through them starts afresh.
 */
function anchorOf(
  writer: Writer,
  parent: WriteFrame | undefined,
  source: object,
): object | undefined {
  const { once } = writer
  writer.once = false
  if (once || parent === undefined) return once ? undefined : source
  if (parent.anchor === source) refuseCycle(writer)
  return (parent.depth & (parent.depth + 1)) === 0 ? source : parent.anchor
}

/** Told where it closes for the first time: it is found some rounds later. */
function refuseCycle(writer: Writer): never {
  const frames: WriteFrame[] = []
  for (let frame = writer.frame; frame !== undefined; frame = frame.parent) frames.unshift(frame)
  const met = new Set<object>()
  const again = frames.find(({ source }) => met.size === met.add(source).size)
  if (again !== undefined) writer.frame = again.parent
  return refuse(writer, 'a cycle')
}
