/**
 * Keeps what the application did not change: variables that still equal what they were read from are
 * copied from the previous payload byte for byte, with the digits, spaces and comments they have.
 *
 * @module
 */
import { isAscii } from 'node:buffer'
import { DecodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import { sameBytes } from '../lib/bytes.js'
import { createHolder, createRecord } from '../php/frame.js'
import { createVariables, takeKey } from './level.js'
import { HEAD, TAIL, type WddxRules } from './packet.js'
import { createReader, readVariables } from './read-packet.js'
import { nameOf, readVariable, type Reader } from './read-value.js'
import type { Tag } from './tag.js'
import { variableElement } from './write-value.js'
import { createWriter } from './writer.js'

/** Variables by their names, each as the element it is written as now. */
type Elements = ReadonlyMap<string, string>

/** A variable of the previous payload that is still there. */
interface Kept {
  readonly bytes: Uint8Array
  readonly unchanged: boolean
}

const encoder = new TextEncoder()

/**
 * The packet with as much as possible taken from `previous`.
 *
 * Variables keep the order of `previous`; new ones follow in their own order.
 *
 * @returns `previous` itself when nothing changed; `undefined` when it is no packet.
 */
export function keepPrevious(
  elements: Elements,
  previous: Payload,
  rules: WddxRules,
): Payload | undefined {
  try {
    return assemble(elements, previous, keptOf(elements, createReader(previous, rules)))
  } catch (error) {
    // Not what the data was read from: there is nothing to keep.
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** By name: a second variable of a name replaces the first, in its place. */
function keptOf(elements: Elements, reader: Reader): ReadonlyMap<string, Kept | undefined> {
  const kept = new Map<string, Kept | undefined>()
  const record = createRecord()
  const variables = createVariables(createHolder(record))
  readVariables(reader, (tag) => {
    variables.name = nameOf(tag)
    const same = skipSame(reader, tag, elements.get(variables.name))
    if (same !== undefined) takeKey(variables, tag.start)
    else if (!readVariable(reader, variables, tag)) return
    const name = String(variables.key)
    kept.set(
      name,
      same ?? keptOne(reader, tag, { name, value: record[name], element: elements.get(name) }),
    )
  })
  return kept
}

/** Goes past a variable that is written as it is written now, without reading it. */
function skipSame({ scanner }: Reader, tag: Tag, element: string | undefined): Kept | undefined {
  if (element === undefined) return undefined
  const bytes = encoder.encode(element)
  const end = tag.start + bytes.length
  if (!sameBytes(scanner.bytes.subarray(tag.start, end), bytes)) return undefined
  // The same bytes are other characters in ISO-8859-1.
  if (scanner.latin1 && !isAscii(bytes)) return undefined
  scanner.pos = end
  return { bytes, unchanged: true }
}

interface Variable {
  readonly name: string
  readonly value: unknown
  /** As it is written now, if it is still there. */
  readonly element: string | undefined
}

/** What to take for a variable that was just read. */
function keptOne({ scanner, rules }: Reader, tag: Tag, variable: Variable): Kept | undefined {
  const { name, value, element } = variable
  if (element === undefined) return undefined
  const unchanged = variableElement(createWriter(rules), name, value) === element
  const bytes = scanner.bytes.subarray(tag.start, scanner.pos)
  const copied = unchanged && !(scanner.latin1 && !isAscii(bytes))
  return { bytes: copied ? bytes : encoder.encode(element), unchanged }
}

function assemble(
  elements: Elements,
  previous: Payload,
  kept: ReadonlyMap<string, Kept | undefined>,
): Payload {
  const all = [...kept.values()]
  if (all.length === elements.size && all.every((one) => one?.unchanged)) return previous
  const pieces: Uint8Array[] = [encoder.encode(HEAD)]
  for (const one of all) if (one !== undefined) pieces.push(one.bytes)
  for (const [name, element] of elements) if (!kept.has(name)) pieces.push(encoder.encode(element))
  pieces.push(encoder.encode(TAIL))
  return joined(pieces)
}

/** All pieces, in memory of their own. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
