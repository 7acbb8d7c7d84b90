/**
 * The way out of the recursion of write-plain.ts: its levels become frames.
 *
 * @module
 */
import { createWriteFrame, Shape, type WriteFrame } from './write-frame.js'
import type { Writer } from './writer.js'

/** Stands for the end of what was left. */
export const enum Left {
  End = -1,
}

/** Leaves a value, or with `undefined` a key, to the long way. */
export function leave(writer: Writer, at: number, value: unknown): number {
  writer.pos = at
  writer.pending = value
  return Left.End
}

/** One level of the recursion, up to the entry that it left. */
export interface Level {
  readonly source: object
  /** Where its head is. */
  readonly at: number
  /** How many entries were written whole. */
  readonly count: number
}

export function leaveList(writer: Writer, level: Level): number {
  const list = level.source as readonly unknown[]
  const frame = createWriteFrame(Shape.List, list, list.length)
  frame.list = list
  frame.index = level.count
  return becomeFrame(writer, level, frame)
}

/** @param name Of the entry that was left. */
export function leaveRecord(writer: Writer, level: Level, name: string): number {
  const names = Object.keys(level.source)
  const frame = createWriteFrame(Shape.Record, level.source, names.length)
  frame.names = names
  frame.index = names.indexOf(name)
  frame.skipped = frame.index - level.count
  frame.width = 1
  return becomeFrame(writer, level, frame)
}

/** The innermost level comes first; each of the others goes between it and those around. */
function becomeFrame(writer: Writer, { source, at, count }: Level, frame: WriteFrame): number {
  const { outermost, pending } = writer
  frame.countAt = at + 2
  frame.depth = writer.depth
  frame.anchor = source
  if (outermost === undefined) {
    if (pending !== undefined) frame.index += 1
    frame.parent = writer.frame
    writer.frame = frame
    writer.slot += count
  } else {
    frame.index += 1
    frame.parent = outermost.parent
    outermost.parent = frame
    writer.slot += count + 1
  }
  writer.outermost = frame
  writer.depth -= 1
  return Left.End
}
