/**
 * Values that PHP shares between places: objects, enum cases, references.
 *
 * Every value takes a slot, counted from 1 in the order of writing; keys and `R` take none. What is
 * met again is written as the slot of its first place.
 *
 * @see ext/standard/var.c, `php_add_var_hash`
 * @module
 */
import { bytesOfName, writeAscii } from './write-scalar.js'
import type { PhpEnum } from './values.js'
import { writeRaw, type Writer } from './writer.js'

/** The slot that an identity was given; `undefined` before that. */
export function slotOf({ seen, aliases }: Writer, identity: unknown): number | undefined {
  return seen?.get(aliases?.get(identity) ?? identity)
}

/** Gives an identity a slot, unless it has one. */
export function giveSlot(writer: Writer, identity: unknown, slot: number): void {
  const seen = (writer.seen ??= new Map())
  const known = writer.aliases?.get(identity) ?? identity
  if (!seen.has(known)) seen.set(known, slot)
}

/**
 * Writes `r:` or `R:` for what was written before; else gives it the next slot.
 *
 * @param byReference Whether the place is a `PhpReference`; its `R` takes no slot.
 */
export function writeAgain(writer: Writer, identity: unknown, byReference: boolean): boolean {
  const slot = slotOf(writer, identity)
  if (slot === undefined) {
    giveSlot(writer, identity, writer.slot + 1)
    return false
  }
  if (!byReference) writer.slot += 1
  writer.backReferences += 1
  writeAscii(writer, `${byReference ? 'R' : 'r'}:${slot};`)
  return true
}

/** `O:<n>:"<class>":`, up to the count of properties. */
export function writeObjectHead(writer: Writer, className: string): void {
  writeHead(writer, 'O', bytesOfName(writer, className))
  writeAscii(writer, ':')
}

/** `E:<n>:"<class>:<case>";` */
export function writeEnum(writer: Writer, { className, caseName }: PhpEnum): void {
  writeHead(writer, 'E', bytesOfName(writer, `${className}:${caseName}`))
  writeAscii(writer, ';')
}

/** `<tag>:<n>:"<name>"` */
export function writeHead(writer: Writer, tag: string, name: Buffer): void {
  writeAscii(writer, `${tag}:${name.length}:"`)
  writeRaw(writer, name)
  writeAscii(writer, '"')
}
