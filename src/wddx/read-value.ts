/**
 * Reads variables and their values, without recursion.
 *
 * @see ext/wddx/wddx.c, `php_wddx_push_element`, `php_wddx_pop_element`
 * @module
 */
import { Kind, put, settleRecord, type Frame } from '../php/frame.js'
import { integerKey } from '../php/keys.js'
import { addValue, createField, createLevel, type Level } from './level.js'
import { fail, type WddxRules } from './packet.js'
import { readScalar } from './read-scalar.js'
import { skipMisc, type Scanner } from './scanner.js'
import { isEndNext, readEnd, readTag, type Tag } from './tag.js'

/** One pass over the variables of one packet. */
export interface Reader {
  readonly scanner: Scanner
  readonly rules: WddxRules
}

/**
 * Reads a variable whose tag was read, and adds its value to the level.
 *
 * @returns Whether there was a value. PHP writes none for an object that it cannot serialize.
 */
export function readVariable(reader: Reader, variables: Level, tag: Tag): boolean {
  let level = enterVariable(reader, variables, tag)
  if (level === undefined) return false
  while (level !== variables) level = step(reader, level)
  return true
}

/** Goes on in a container. @returns The container to go on with. */
function step(reader: Reader, level: Level): Level {
  const { scanner } = reader
  skipMisc(scanner)
  if (isEndNext(scanner)) {
    readEnd(scanner, level.place)
    return close(reader, level)
  }
  if (level.place === 'struct') {
    const tag = readTag(scanner, '<var>')
    return enterVariable(reader, level, tag) ?? level
  }
  if (level.place === 'recordset') return enterField(level, readTag(scanner, '<field>'))
  return enterValue(reader, level, readTag(scanner, 'a value'))
}

/** @returns The container to go on with; `undefined` when the variable has no value. */
function enterVariable(reader: Reader, level: Level, tag: Tag): Level | undefined {
  const { scanner } = reader
  level.name = nameOf(tag)
  if (tag.empty) return undefined
  skipMisc(scanner)
  if (!isEndNext(scanner)) return enterValue(reader, level, readTag(scanner, 'a value'))
  readEnd(scanner, 'var')
  return undefined
}

/** The name of a variable. */
export function nameOf(tag: Tag): string {
  const name = tag.name === 'var' ? tag.attributes.get('name') : undefined
  return name ?? fail(tag.start, '<var> with a name')
}

function enterValue(reader: Reader, level: Level, tag: Tag): Level {
  const { scanner, rules } = reader
  assertDepth(reader, level, tag)
  const child = openContainer(reader, level, tag)
  if (child === undefined) {
    return leave(reader, level, readScalar(scanner, tag, rules.exact), tag.start)
  }
  return tag.empty ? close(reader, child) : child
}

/** Only what has entries counts. */
function assertDepth({ rules }: Reader, { depth }: Level, tag: Tag): void {
  if (depth > rules.maxDepth) fail(tag.start, `nesting no deeper than ${rules.maxDepth}`)
}

/** @returns `undefined` for what is no container. */
function openContainer(reader: Reader, parent: Level, tag: Tag): Level | undefined {
  const { name, start } = tag
  if (name === 'array' || name === 'struct') return createLevel(name, parent, start)
  if (name !== 'recordset') return undefined
  const level = createLevel(name, parent, start)
  const names = tag.attributes.get('fieldNames') ?? ''
  // The lists exist from the beginning, whether their fields follow or not.
  if (names === '') return level
  assertDepth(reader, level, tag)
  level.fields = new Map(names.split(',').map((field) => [field, []]))
  if (level.fields.has('')) fail(start, 'the names of fields')
  for (const [field, list] of level.fields) put(level.frame, integerKey(field) ?? field, list)
  return level
}

/** PHP differs: it drops the values of a field that the recordset does not name. */
function enterField(recordset: Level, tag: Tag): Level {
  const { name, attributes, start } = tag
  const list = name === 'field' ? recordset.fields?.get(attributes.get('name') ?? '') : undefined
  if (list === undefined) fail(start, '<field> with a name of the recordset')
  return tag.empty ? recordset : createField(recordset, list, start)
}

/** Ends a container. @returns The one around it. */
function close(reader: Reader, level: Level): Level {
  const { place, frame, object, start } = level
  const parent = level.parent as Level
  if (place === 'field') return parent
  if (place !== 'array') settleRecord(frame)
  return leave(reader, parent, object ?? (isEmpty(frame) ? [] : frame.target), start)
}

/** Whether there is no entry, and so no difference between an array and a struct. */
function isEmpty({ kind, named, last }: Frame): boolean {
  return kind === Kind.Record && !named && last < 0
}

/** Adds a value, and ends its variable. */
function leave({ scanner }: Reader, level: Level, value: unknown, start: number): Level {
  addValue(level, value, start)
  if (level.place !== 'struct' && level.place !== 'variables') return level
  skipMisc(scanner)
  readEnd(scanner, 'var')
  return level
}
