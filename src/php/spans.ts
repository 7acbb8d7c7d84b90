/**
 * Puts a session together from pieces of bytes that exist already.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { Layout } from './layout.js'
import { reserve, type Writer } from './writer.js'

/** A piece of the previous payload, or of what the writer holds. */
export interface Span {
  readonly previous: boolean
  readonly start: number
  end: number
}

/** Writes the pieces behind what the writer holds. @returns A copy of what they make. */
export function assemble(
  writer: Writer,
  layout: Layout,
  previous: Payload,
  spans: readonly Span[],
): Payload {
  const begin = writer.pos
  layout.writeHead(writer, spans.length)
  for (const span of joined(spans)) copySpan(writer, previous, span)
  layout.writeTail(writer)
  return writer.bytes.slice(begin, writer.pos)
}

/** Neighbours become one piece: most of a session is copied at once. */
function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (last !== undefined && last.previous === span.previous && last.end === span.start) {
      last.end = span.end
    } else result.push({ ...span })
  }
  return result
}

/** Appends a piece. */
export function copySpan(writer: Writer, previous: Payload, span: Span): void {
  const size = span.end - span.start
  reserve(writer, size)
  if (span.previous) writer.bytes.set(previous.subarray(span.start, span.end), writer.pos)
  else writer.bytes.copyWithin(writer.pos, span.start, span.end)
  writer.pos += size
}

/** Up to so many bytes a loop is faster than a call. */
const SHORT = 64

function isSameShort(bytes: Uint8Array, span: Span, other: Uint8Array, start: number): boolean {
  const shift = start - span.start
  for (let at = span.start; at < span.end; at += 1) {
    if (bytes[at] !== other[at + shift]) return false
  }
  return true
}

/** Whether a piece of what the writer holds also stands in other bytes, from `start` on. */
export function isSameSpan(
  { bytes, view }: Writer,
  span: Span,
  other: Uint8Array,
  start: number,
): boolean {
  const end = start + span.end - span.start
  if (end > other.length) return false
  if (end - start <= SHORT) return isSameShort(bytes, span, other, start)
  return view.compare(other, start, end, span.start, span.end) === 0
}
