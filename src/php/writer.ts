/**
 * What writes PHP's serialized bytes: a growing buffer, and the few moves every value is made of.
 *
 * @module
 */
import { EncodeError } from '../errors.js'
import type { WriteRules } from './codec-options.js'
import { asBuffer } from './reader.js'
import { nameOfEntry, type WriteFrame } from './write-frame.js'

/** One pass over one value, or over the variables of one session. */
export interface Writer {
  rules: WriteRules
  /** Whether floats have their shortest text, which always has room. */
  readonly shortest: boolean
  bytes: Uint8Array
  /** The same memory with the methods of a `Buffer`. */
  view: Buffer
  /** Where the next byte goes. */
  pos: number
  /** The last slot that was given to a value; see write-shared.ts. */
  slot: number
  /** What other places can refer to, and its slot. */
  seen: Map<unknown, number> | undefined
  /** For what stands in place of something else: what that is known as in `seen`. */
  aliases: ReadonlyMap<unknown, unknown> | undefined
  /** How many `r:` and `R:` were written. */
  backReferences: number
  /** The container that is being written. */
  frame: WriteFrame | undefined
  /** The session variable that is being written; begins the path of errors. */
  variable: string | undefined
  /** Whether the next container is one that can be entered only once: no cycle runs through it. */
  once: boolean
  /** How deep the recursion of write-plain.ts is, how deep it goes, and what it left. */
  depth: number
  readonly plainDepth: number
  pending: unknown
  outermost: WriteFrame | undefined
}

/** Most levels of the short way. Cycles are found behind it. */
const PLAIN_DEPTH = 8

const FIRST_SIZE = 0x1_0000
const KEPT_SIZE = 0x20_0000
const MAX_SIZE = 0x4000_0000

/** The memory of the last writer, for the next one; gone while in use, as getters may serialize. */
let spare: Pick<Writer, 'bytes' | 'view'> | undefined

/** A writer at the beginning of its memory, to be given back with `release`. */
export function createWriter(rules: WriteRules): Writer {
  const { bytes, view } = spare ?? allocate(FIRST_SIZE)
  spare = undefined
  return {
    rules,
    shortest: rules.precision < 0,
    bytes,
    view,
    pos: 0,
    slot: 0,
    seen: undefined,
    aliases: undefined,
    backReferences: 0,
    frame: undefined,
    variable: undefined,
    once: false,
    depth: 0,
    plainDepth: Math.min(PLAIN_DEPTH, rules.maxDepth),
    pending: undefined,
    outermost: undefined,
  }
}

function allocate(size: number): Pick<Writer, 'bytes' | 'view'> {
  const bytes = new Uint8Array(size)
  return { bytes, view: asBuffer(bytes) }
}

/** The bytes written, in memory of their own. @throws {EncodeError} When they are too many. */
export function written(writer: Writer): Uint8Array {
  assertLength(writer, writer.pos)
  return writer.bytes.slice(0, writer.pos)
}

/** @throws {EncodeError} For more bytes than allowed, whatever they are of. */
export function assertLength({ rules }: Writer, length: number): void {
  const { format, maxLength } = rules
  if (length > maxLength) throw new EncodeError(format, `larger than ${maxLength} bytes`)
}

/** Ends a writer. What it wrote stays readable until another one writes. */
export function release({ bytes, view }: Writer): void {
  if (bytes.length <= KEPT_SIZE) spare = { bytes, view }
}

/** @throws {EncodeError} Always, with the path of the value that is being written. */
export function refuse(writer: Writer, reason: string, cause?: unknown): never {
  const options = cause === undefined ? {} : { cause }
  throw new EncodeError(writer.rules.format, reason, pathOf(writer), options)
}

function pathOf(writer: Writer): (string | number)[] {
  const path: (string | number)[] = []
  for (let frame = writer.frame; frame !== undefined; frame = frame.parent) {
    if (frame.index > 0) path.unshift(nameOfEntry(frame, frame.index - 1))
  }
  return writer.variable === undefined ? path : [writer.variable, ...path]
}

/** Makes room for so many bytes. */
export function reserve(writer: Writer, size: number): void {
  if (writer.pos + size > writer.bytes.length) grow(writer, size)
}

function grow(writer: Writer, size: number): void {
  const needed = writer.pos + size
  if (needed > MAX_SIZE) refuse(writer, `larger than ${MAX_SIZE} bytes`)
  let length = writer.bytes.length * 2
  while (length < needed) length *= 2
  const { bytes, view } = allocate(length)
  bytes.set(writer.bytes.subarray(0, writer.pos))
  writer.bytes = bytes
  writer.view = view
}

/** Bytes as they are. */
export function writeRaw(writer: Writer, content: Uint8Array): void {
  reserve(writer, content.length)
  writer.bytes.set(content, writer.pos)
  writer.pos += content.length
}
