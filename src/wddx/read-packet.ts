/**
 * Reads a packet: what is around the variables.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import { foreignFormat } from '../php/foreign.js'
import { createHolder, createRecord } from '../php/frame.js'
import { keepOrder, mayBeIndex } from '../php/variable-order.js'
import type { SessionData } from '../serializer.js'
import { createVariables } from './level.js'
import { fail, FORMAT, type WddxRules } from './packet.js'
import { readProlog } from './prolog.js'
import { readText, skipEmpty } from './read-scalar.js'
import { readVariable, type Reader } from './read-value.js'
import { createScanner, skipMisc, type Scanner } from './scanner.js'
import { isEndNext, readEnd, readTag, readTagOf, type Tag } from './tag.js'

/** Data of the bytes. @throws {DecodeError} */
export function decodePacket(payload: Payload, rules: WddxRules): SessionData {
  const data = createRecord()
  if (payload.length === 0) return data
  const reader = createReader(payload, rules)
  const variables = createVariables(createHolder(data))
  const names: string[] = []
  readVariables(reader, (tag) => {
    const found = readVariable(reader, variables, tag)
    if (found) names.push(String(variables.key))
  })
  if (names.some(mayBeIndex)) keepOrder(data, names)
  return data
}

/** A reader at the beginning of a packet. @throws {DecodeError} For another format. */
export function createReader(payload: Payload, rules: WddxRules): Reader {
  const scanner = createScanner(payload, rules.maxLength)
  const foreign = foreignFormat(scanner.bytes)
  if (foreign === undefined) return { scanner, rules }
  return fail(0, `the format ${FORMAT}, not ${foreign}, which is not supported,`)
}

/**
 * Reads a whole packet.
 *
 * @param visit Takes the tag of a variable that was read; reads on to the end of the variable.
 */
export function readVariables({ scanner }: Reader, visit: (tag: Tag) => void): void {
  readProlog(scanner)
  open(scanner, 'wddxPacket')
  readHeader(scanner)
  open(scanner, 'data')
  const struct = readTagOf(scanner, 'struct')
  if (!struct.empty) readStruct(scanner, visit)
  skipMisc(scanner)
  readEnd(scanner, 'data')
  skipMisc(scanner)
  readEnd(scanner, 'wddxPacket')
  skipMisc(scanner)
  if (scanner.pos < scanner.bytes.length) fail(scanner.pos, 'the end of the data')
}

/** The beginning of an element that has others in it. */
function open(scanner: Scanner, name: string): void {
  const { empty, start } = readTagOf(scanner, name)
  if (empty) fail(start, `<${name}>`)
  skipMisc(scanner)
}

/** `<header/>`, or a header with a comment; PHP does not miss it. */
function readHeader(scanner: Scanner): void {
  if (!scanner.text.startsWith('<header', scanner.pos)) return
  const header = readTagOf(scanner, 'header')
  if (!header.empty) {
    skipMisc(scanner)
    if (!isEndNext(scanner)) readText(scanner, readTagOf(scanner, 'comment'))
    skipEmpty(scanner, header)
  }
  skipMisc(scanner)
}

function readStruct(scanner: Scanner, visit: (tag: Tag) => void): void {
  for (;;) {
    skipMisc(scanner)
    if (isEndNext(scanner)) return readEnd(scanner, 'struct')
    visit(readTag(scanner, '<var>'))
  }
}
