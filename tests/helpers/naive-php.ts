/**
 * A reader of PHP's serialized text as the rules say it: recursive, slow, without a cache or a second
 * way. It is the twin that the real reader is compared with, in normal mode.
 */
import { builtInName } from '../../src/php/builtin-names.js'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { arrayOf, phpKey, type Key } from './php-plans.js'

/** Thrown for text that PHP refuses. */
export class Refusal extends Error {}

/** A value as it lies in PHP's memory. */
type Node =
  | { readonly kind: 'scalar'; readonly value: unknown }
  | { readonly kind: 'array'; readonly entries: Entries }
  | { readonly kind: 'object'; readonly className: string; readonly entries: Entries }
  | { readonly kind: 'inert'; readonly value: PhpEnum | PhpSerializable }

type Entries = Map<string, { readonly key: Key; readonly place: Place }>

/** What several places are when they are one reference. */
interface Cell {
  node: Node | undefined
  referred: boolean
}

/** An entry of a container: what a slot names. */
interface Place {
  cell: Cell
}

interface State {
  readonly text: string
  pos: number
  depth: number
  readonly maxDepth: number
  readonly slots: (Place | undefined)[]
  /** Whether values are only counted: references lead nowhere. */
  readonly counting: boolean
}

const refuse = (): never => {
  throw new Refusal('refused')
}

/** What a sticky pattern matches at the position, which moves behind it. */
function take(state: State, pattern: RegExp): RegExpExecArray {
  pattern.lastIndex = state.pos
  const match = pattern.exec(state.text) ?? refuse()
  state.pos += match[0].length
  return match
}

const group = (match: RegExpExecArray, index = 1): string => match[index] ?? ''
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text where the bytes are UTF-8, else the bytes. */
function stringOf(raw: string): string | Uint8Array {
  try {
    return utf8.decode(bytesOf(raw))
  } catch {
    return bytesOf(raw)
  }
}

/** A name: bytes that are no text stand as U+DC80 to U+DCFF. */
export function nameOf(raw: string): string {
  const whole = stringOf(raw)
  if (typeof whole === 'string') return whole
  let name = ''
  for (let at = 0; at < raw.length;) {
    const sizes = [1, 2, 3, 4].filter((size) => {
      const piece = stringOf(raw.slice(at, at + size))
      return typeof piece === 'string' && at + size <= raw.length && [...piece].length === 1
    })
    const size = sizes[0] ?? 0
    name += size > 0 ? (stringOf(raw.slice(at, at + size)) as string) : String.fromCharCode(0xdc00 + raw.charCodeAt(at)) // prettier-ignore
    at += Math.max(size, 1)
  }
  return name
}

/** `<tag>:<length>:"<bytes>"` and what follows. */
function quoted(state: State, follow: string): string {
  const length = Number(BigInt.asUintN(64, BigInt(group(take(state, /\w:(\d+):"/sy)))))
  const raw = state.text.slice(state.pos, state.pos + length)
  state.pos += length
  if (raw.length !== length || !state.text.startsWith(`"${follow}`, state.pos)) refuse()
  state.pos += 1 + follow.length
  return raw
}

function escaped(state: State): string {
  const length = Number(BigInt.asUintN(64, BigInt(group(take(state, /S:(\d+):"/sy)))))
  let raw = ''
  while (raw.length < length) {
    const [piece] = take(state, /\\[0-9a-fA-F]{2}|[^\\]/sy)
    raw += piece.length === 1 ? piece : String.fromCharCode(parseInt(piece.slice(1), 16))
  }
  take(state, /";/sy)
  return raw
}

function integer(state: State): number | bigint {
  const exact = BigInt(group(take(state, /i:([+-]?\d+);/sy)).replace('+', ''))
  const limit = 2n ** 63n
  const value = exact >= limit ? limit - 1n : exact < -limit ? -limit : exact
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function float(state: State): number {
  const text = group(take(state, /d:(INF|-INF|NAN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?);/sy))
  return Number(text.replace('INF', 'Infinity').replace('NAN', 'NaN'))
}

function className(raw: string): string {
  return /^[A-Za-z0-9_\x80-\xff][A-Za-z0-9_\x80-\xff\\]*$/.test(raw) ? nameOf(raw) : refuse()
}

/** Reads one value into a place. */
function read(state: State, place: Place): void {
  const tag = state.text[state.pos]
  if (tag === 'R') return readReference(state, place)
  state.slots.push(place)
  const cell: Cell = { node: undefined, referred: false }
  place.cell = cell
  if (tag === 'r') cell.node = readSame(state, place)
  else if (tag === 'a') cell.node = readArray(state, cell)
  else if (tag === 'O') cell.node = readObject(state, cell)
  else cell.node = readPlain(state, tag)
}

function readPlain(state: State, tag: string | undefined): Node {
  const scalar = (value: unknown): Node => ({ kind: 'scalar', value })
  if (tag === 'N') return scalar((take(state, /N;/sy), null))
  if (tag === 'b') return scalar(group(take(state, /b:([01]);/sy)) === '1')
  if (tag === 'i') return scalar(integer(state))
  if (tag === 'd') return scalar(float(state))
  if (tag === 's') return scalar(stringOf(quoted(state, ';')))
  if (tag === 'S') return scalar(stringOf(escaped(state)))
  if (tag === 'E') return readEnum(state)
  return tag === 'C' ? readCustom(state) : refuse()
}

function readEnum(state: State): Node {
  const [, owner = '', name = ''] = /^([^:]*):(.*)$/s.exec(quoted(state, ';')) ?? refuse()
  if (!/^[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*$/.test(name)) refuse()
  // A class that PHP itself declares and that is no enum.
  if (builtInName(className(owner)) !== '') refuse()
  return { kind: 'inert', value: new PhpEnum(nameOf(owner), nameOf(name)) }
}

function readCustom(state: State): Node {
  const owner = className(quoted(state, ':'))
  const length = Number(group(take(state, /([+-]?\d*):\{/sy)) || '0')
  const raw = state.text.slice(state.pos, state.pos + length)
  if (!(length >= 0) || raw.length !== length) refuse()
  state.pos += length
  take(state, /\}/sy)
  if (!state.counting) for (let left = slotsIn(raw); left > 0; left -= 1) state.slots.push(undefined) // prettier-ignore
  return { kind: 'inert', value: new PhpSerializable(owner, bytesOf(raw)) }
}

/** How many slots data takes that is exactly one value. */
function slotsIn(text: string): number {
  const state = { ...stateOf(text, 4096), counting: true }
  try {
    read(state, placeOf())
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return 0
  }
  return state.pos === text.length ? state.slots.length : 0
}

function readSame(state: State, place: Place): Node {
  const target = slotAt(state)
  if (state.counting) return { kind: 'scalar', value: null }
  const node = target === undefined || target === place ? undefined : target.cell.node
  return node?.kind === 'object' || node?.kind === 'inert' ? node : refuse()
}

function readReference(state: State, place: Place): void {
  const target = slotAt(state)
  if (state.counting) return
  if (target === undefined || target === place || target.cell.node === undefined) return refuse()
  target.cell.referred = true
  place.cell = target.cell
}

function slotAt(state: State): Place | undefined {
  const slot = BigInt.asUintN(64, BigInt(group(take(state, /[rR]:(\d+);/sy))))
  return state.slots[Number(slot) - 1]
}

function readArray(state: State, cell: Cell): Node {
  const count = Number(group(take(state, /a:(\d+):\{/sy)))
  const node: Node = { kind: 'array', entries: new Map() }
  cell.node = node
  return readEntries(state, node, { count, key: arrayKey })
}

function readObject(state: State, cell: Cell): Node {
  const owner = className(quoted(state, ':'))
  const count = Number(group(take(state, /([+-]?\d*):\{/sy)) || '0')
  if (!(count >= 0)) refuse()
  const node: Node = { kind: 'object', className: owner, entries: new Map() }
  cell.node = node
  return readEntries(state, node, { count, key: memberKey })
}

interface EntryRules {
  readonly count: number
  readonly key: (state: State) => Key
}

function readEntries(
  state: State,
  node: Node & { readonly entries: Entries },
  { count, key }: EntryRules,
): Node {
  const counts = count > 0 || node.kind === 'object'
  if (counts && state.depth >= state.maxDepth) refuse()
  state.depth += 1
  for (let left = count; left > 0; left -= 1) {
    const name = key(state)
    read(state, entryOf(node.entries, name))
  }
  state.depth -= 1
  take(state, /\}/sy)
  return node
}

/** The place of a key: an entry that is there already keeps it. */
function entryOf(entries: Entries, key: Key): Place {
  const content = typeof key === 'object' ? Buffer.from(key).toString('latin1') : String(key)
  const name = `${typeof key === 'bigint' ? 'number' : typeof key} ${content}`
  const entry = entries.get(name) ?? { key, place: placeOf() }
  entries.set(name, entry)
  return entry.place
}

const placeOf = (): Place => ({ cell: { node: undefined, referred: false } })

function arrayKey(state: State): Key {
  const tag = state.text[state.pos]
  if (tag === 'i') return integer(state)
  return phpKey(
    stringOf(tag === 'S' ? escaped(state) : tag === 's' ? quoted(state, ';') : refuse()),
  )
}

function memberKey(state: State): Key {
  const tag = state.text[state.pos]
  if (tag === 'i') return integer(state)
  return nameOf(tag === 'S' ? escaped(state) : tag === 's' ? quoted(state, ';') : refuse())
}

const stateOf = (text: string, maxDepth: number): State => ({
  text,
  pos: 0,
  depth: 0,
  maxDepth,
  slots: [],
  counting: false,
})

/** JavaScript's values of what was read; each object and each reference once. */
function valuesOf(): (cell: Cell) => unknown {
  const made = new Map<object, unknown>()
  const plain = (node: Node): unknown => {
    if (node.kind === 'scalar' || node.kind === 'inert') return node.value
    const entries = [...node.entries.values()]
    if (node.kind === 'array') {
      const values = entries.map(({ place }) => valueOf(place.cell))
      return arrayOf(entries.map(({ key }) => key), values) // prettier-ignore
    }
    if (made.has(node)) return made.get(node)
    const object = new PhpObject(node.className)
    made.set(node, object)
    for (const { key, place } of entries) object.members.set(key as string, valueOf(place.cell))
    return object
  }
  const valueOf = (cell: Cell): unknown => {
    const node = cell.node as Node
    if (!cell.referred || node.kind === 'object' || node.kind === 'inert') return plain(node)
    if (made.has(cell)) return made.get(cell)
    const reference = new PhpReference(null)
    made.set(cell, reference)
    reference.value = plain(node)
    return reference
  }
  return valueOf
}

/** What `unserialize` makes of bytes. @throws {Refusal} */
export function naiveUnserialize(bytes: Uint8Array, maxDepth = 4096): unknown {
  const place = placeOf()
  read(stateOf(Buffer.from(bytes).toString('latin1'), maxDepth), place)
  const value = valuesOf()(place.cell)
  return value instanceof PhpReference ? value.value : value
}

/** A variable: its name, and from where to where it stands. */
export interface NaiveVariable {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** What a session serializer of PHP makes of bytes. @throws {Refusal} */
export function naiveSession(
  format: string,
  bytes: Uint8Array,
): { readonly data: SessionData; readonly variables: readonly NaiveVariable[] } {
  const text = Buffer.from(bytes).toString('latin1')
  const whole = format === 'php_serialize'
  const state = stateOf(text, whole ? 4095 : 4096)
  const entries: Entries = new Map()
  const root: Place = { cell: { node: { kind: 'array', entries }, referred: false } }
  if (whole) state.slots.push(root)
  const variables = [...readVariables(state, format, entries)]
  const data = Object.create(null) as SessionData
  const valueOf = valuesOf()
  const held = root.cell.referred ? (valueOf(root.cell) as PhpReference) : undefined
  if (held !== undefined) held.value = data
  for (const [, { key, place }] of entries) data[String(key)] = valueOf(place.cell)
  return { data, variables }
}

function* readVariables(state: State, format: string, entries: Entries): Generator<NaiveVariable> {
  const { text } = state
  const whole = format === 'php_serialize'
  if (text === '' || (whole && text.startsWith('N;'))) return
  const count = whole ? Number(group(take(state, /a:(\d+):\{/sy))) : Infinity
  for (let left = count; left > 0 && (whole || state.pos < text.length); left -= 1) {
    const start = state.pos
    const name = NAMES[format]?.(state) ?? refuse()
    read(state, entryOf(entries, name))
    yield { name, start, end: state.pos }
  }
  if (whole) take(state, /\}/sy)
}

const NAMES: Readonly<Record<string, (state: State) => string>> = {
  php: (state) => nameOf(group(take(state, /([^|]*)\|/sy))),
  php_binary: (state) => {
    const length = state.text.charCodeAt(state.pos) & 0x7f
    const raw = state.text.slice(state.pos + 1, state.pos + 1 + length)
    state.pos += 1 + length
    return state.pos < state.text.length ? nameOf(raw) : refuse()
  },
  php_serialize: (state) => {
    const key = arrayKey(state)
    return typeof key === 'object' ? nameOf(Buffer.from(key).toString('latin1')) : String(key)
  },
}
