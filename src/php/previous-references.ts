/**
 * Keeps unchanged variables in a session that has references, which count slots through the whole
 * session: a piece can move only if every number in it is corrected.
 *
 * A variable is copied when its value is the same and what it refers to is copied, too. Everything
 * else is written anew, with numbers that are right wherever it stands: from what exact mode reads
 * where the variable is the same, else from what the application has.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { SessionData } from '../serializer.js'
import { findTwins, writeTwin, type Twin } from './previous-exact.js'
import { readPrevious, type Previous, type Variable } from './previous-slots.js'
import { copySpan, isSameSpan } from './spans.js'
import { writeVariable, type Written } from './write-variables.js'
import { writeAscii } from './write-scalar.js'
import type { Writer } from './writer.js'

/** One variable as it is written with numbers that do not depend on what stands before it. */
interface Image {
  readonly start: number
  readonly end: number
  /** What can be referred to and is met here first, in the order of writing. */
  readonly held: readonly unknown[]
}

type Images = ReadonlyMap<string, Image>

/** Distance between the slots of two variables in an image: more than a payload has slots. */
const LABEL = 2 ** 31

/** @returns `previous` itself when nothing changed. */
export function keepWithReferences(current: Written, payload: Payload): Payload {
  const { format, data, names } = current
  const previous = readPrevious(format, payload)
  const order = [...new Set([...previous.variables.keys(), ...names])]
  const before = draw(current, previous.data, order)
  const now = draw(current, data, order)
  const same = new Set(
    order.filter((name) => isSameImage(current, before.get(name), now.get(name))),
  )
  if (same.size === order.length) return payload
  const kept = choose(previous, same, before)
  const twins = findTwins(
    current,
    previous,
    order.filter((name) => !kept.has(name)),
  )
  return write(current, previous, { order, kept, twins, before, now })
}

/** Writes each variable of `data` behind what the writer holds. */
function draw({ writer, format }: Written, data: SessionData, order: readonly string[]): Images {
  const seen = new Map<unknown, number>()
  const fresh = seen.keys()
  const images = new Map<string, Image>()
  writer.seen = seen
  order.forEach((name, index) => {
    if (!isSet(data, name)) return
    const start = writer.pos
    const known = seen.size
    writer.slot = index * LABEL
    writeVariable(writer, format.layout, name, data[name])
    const held = Array.from({ length: seen.size - known }, () => fresh.next().value)
    images.set(name, { start, end: writer.pos, held })
  })
  return images
}

function isSet(data: SessionData, name: string): boolean {
  return Object.hasOwn(data, name) && data[name] !== undefined
}

function isSameImage({ writer }: Written, a: Image | undefined, b: Image | undefined): boolean {
  if (a === undefined || b === undefined || a.end - a.start !== b.end - b.start) return false
  return isSameSpan(writer, { ...a, previous: false }, writer.bytes, b.start)
}

/** The variables that can be copied: what they refer to stands before them and is copied, too. */
function choose(
  { variables, ambiguous, owners, slots }: Previous,
  same: ReadonlySet<string>,
  before: Images,
): Map<string, Variable> {
  const kept = new Map<string, Variable>()
  const copied = new Set<Variable | undefined>()
  const owned = new Map<Variable | undefined, number>()
  for (const slot of slots.values()) owned.set(owners[slot], (owned.get(owners[slot]) ?? 0) + 1)
  for (const [name, variable] of ambiguous ? [] : variables) {
    const held = before.get(name)?.held ?? []
    copied.add(variable)
    const whole =
      same.has(name) &&
      variable.movable &&
      variable.tokens.every((token) => copied.has(owners[token.slot])) &&
      held.every((identity) => owners[slots.get(identity) ?? 0] === variable) &&
      held.length === (owned.get(variable) ?? 0)
    if (whole) kept.set(name, variable)
    else copied.delete(variable)
  }
  return kept
}

/** What is written from where. */
interface Plan {
  readonly order: readonly string[]
  readonly kept: ReadonlyMap<string, Variable>
  readonly twins: ReadonlyMap<string, Twin>
  readonly before: Images
  readonly now: Images
}

function write(current: Written, previous: Previous, plan: Plan): Payload {
  const { writer, format, data, names } = current
  const { layout } = format
  const begin = writer.pos
  const shifts = new Map<Variable | undefined, number>()
  writer.seen = new Map()
  writer.slot = layout.rootSlots
  layout.writeHead(writer, names.length)
  for (const name of plan.order) {
    const variable = plan.kept.get(name)
    if (variable !== undefined) {
      shifts.set(variable, writer.slot + 1 - variable.firstSlot)
      copyVariable(writer, previous, variable, shifts)
      register(writer, name, previous, { ...plan, shift: shifts.get(variable) as number })
      writer.slot += variable.nextSlot - variable.firstSlot
    } else if (isSet(data, name)) {
      const twin = plan.twins.get(name)
      if (twin === undefined) writeVariable(writer, layout, name, data[name])
      else writeTwin(current, name, twin)
    }
  }
  layout.writeTail(writer)
  return writer.bytes.slice(begin, writer.pos)
}

/** Copies a variable; every slot in it moves with the variable it belongs to. */
function copyVariable(
  writer: Writer,
  { payload, owners }: Previous,
  { start, end, tokens }: Variable,
  shifts: ReadonlyMap<Variable | undefined, number>,
): void {
  let from = start
  for (const token of tokens) {
    copySpan(writer, payload, { previous: true, start: from, end: token.start + 2 })
    writeAscii(writer, String(token.slot + (shifts.get(owners[token.slot]) ?? 0)))
    from = token.end - 1
  }
  copySpan(writer, payload, { previous: true, start: from, end })
}

/** What a copied variable holds can be referred to from the variables behind it. */
function register(
  writer: Writer,
  name: string,
  { slots }: Previous,
  { before, now, shift }: Plan & { readonly shift: number },
): void {
  const was = before.get(name)?.held ?? []
  const held = now.get(name)?.held ?? []
  held.forEach((identity, index) => {
    writer.seen?.set(identity, (slots.get(was[index]) as number) + shift)
  })
}
