/**
 * Values with shared parts, made of plans: a plan is a tree whose leaves may name an object or a
 * reference that stands elsewhere in it. Generators make plans, which shrink well; `grow` makes the
 * values, cycles included.
 */
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../src/php/values.js'

/** A key of a PHP array, or the name of a property. */
export type Key = string | number | bigint | Uint8Array

/** A value before it is made. */
export type Plan =
  | { readonly kind: 'leaf'; readonly value: unknown }
  | { readonly kind: 'array'; readonly keys: readonly Key[]; readonly items: readonly Plan[] }
  | {
      readonly kind: 'object'
      readonly className: string
      readonly keys: readonly Key[]
      readonly items: readonly Plan[]
    }
  | { readonly kind: 'custom'; readonly className: string; readonly data: Uint8Array }
  /** Several places that are one; they are where an `again` picks it. */
  | { readonly kind: 'reference'; readonly item: Plan }
  /** What stands elsewhere: one of the objects and references that begin before this place. */
  | { readonly kind: 'again'; readonly pick: number }

/** PHP's integer for a string that is one. Written apart from the reader's rule, on purpose. */
export function phpKey(key: Key): Key {
  if (typeof key !== 'string' || !/^(0|-?[1-9][0-9]*)$/.test(key) || key.length > 20) return key
  const exact = BigInt(key)
  if (BigInt.asIntN(64, exact) !== exact) return key
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
}

type Sharing = Extract<Plan, { kind: 'object' | 'custom' | 'reference' }>

/** How `grow` makes what differs between the modes. */
export interface GrowOptions {
  /** Whether a reference may hold an object. */
  readonly objectReferences: boolean
}

/** The values of plans, which share one pool of objects and references as the variables of a session do. */
export function growAll(roots: readonly Plan[], options: GrowOptions): unknown[] {
  const targets = new Map<Plan, Sharing>()
  const uses = new Map<Plan, number>()
  const pool: Sharing[] = []
  const visit = (plan: Plan): void => {
    if (plan.kind === 'again') {
      const target = pool[plan.pick % Math.max(pool.length, 1)]
      if (target === undefined) return
      targets.set(plan, target)
      uses.set(target, (uses.get(target) ?? 0) + 1)
    } else if (plan.kind === 'array') plan.items.forEach(visit)
    else if (plan.kind === 'reference') {
      if (!isHolder(plan, options)) return visit(plan.item)
      pool.push(plan)
      visit(plan.item)
    } else if (plan.kind !== 'leaf') {
      pool.push(plan)
      if (plan.kind === 'object') plan.items.forEach(visit)
    }
  }
  const unshared = roots.map(copyOf)
  unshared.forEach(visit)
  const made = new Map<Plan, unknown>()
  return unshared.map((root) => make(root, { targets, uses, made, options }))
}

/** The value of a plan; never a reference itself. */
export function grow(plan: Plan, options: GrowOptions = { objectReferences: false }): unknown {
  return growAll(
    [plan.kind === 'reference' ? { kind: 'array', keys: [0], items: [plan] } : plan],
    options,
  )[0]
}

/** Every node an object of its own: they are told apart by identity. */
function copyOf(plan: Plan): Plan {
  if (plan.kind === 'reference') return { ...plan, item: copyOf(plan.item) }
  if (plan.kind === 'array' || plan.kind === 'object') {
    return { ...plan, items: plan.items.map(copyOf) }
  }
  return { ...plan }
}

/** Whether a reference is one: not to what is a reference already, nor to an object in normal mode. */
function isHolder(plan: Plan & { kind: 'reference' }, { objectReferences }: GrowOptions): boolean {
  const { kind } = plan.item
  if (kind === 'array') return true
  // PHP has each case once: a case may stand elsewhere before this reference to it.
  if (kind === 'leaf') return !(plan.item.value instanceof PhpEnum)
  return (kind === 'object' || kind === 'custom') && objectReferences
}

interface Making {
  readonly targets: ReadonlyMap<Plan, Sharing>
  readonly uses: ReadonlyMap<Plan, number>
  readonly made: Map<Plan, unknown>
  readonly options: GrowOptions
}

function make(plan: Plan, making: Making): unknown {
  if (plan.kind === 'leaf') return plan.value
  if (plan.kind === 'array') {
    return arrayOf(plan.keys, plan.items.map((item) => make(item, making))) // prettier-ignore
  }
  if (plan.kind === 'again') {
    const target = making.targets.get(plan)
    return target === undefined ? null : makeShared(target, making)
  }
  return makeShared(plan, making)
}

function makeShared(plan: Sharing, making: Making): unknown {
  const { made, uses, options } = making
  if (made.has(plan)) return made.get(plan)
  if (plan.kind === 'custom')
    return keep(made, plan, new PhpSerializable(plan.className, plan.data))
  if (plan.kind === 'object') {
    const object = keep(made, plan, new PhpObject(plan.className))
    plan.keys.forEach((key, index) => {
      object.members.set(key as string, make(plan.items[index] as Plan, making))
    })
    return object
  }
  // A reference that only one place holds is none.
  if (!isHolder(plan, options) || !uses.has(plan)) return make(plan.item, making)
  const reference = keep(made, plan, new PhpReference(null))
  reference.value = make(plan.item, making)
  return reference
}

function keep<T>(made: Map<Plan, unknown>, plan: Plan, value: T): T {
  made.set(plan, value)
  return value
}

/** A PHP array as it is read: a list, an object where JavaScript keeps the order, else a `Map`. */
export function arrayOf(keys: readonly Key[], values: readonly unknown[]): unknown {
  if (keys.every((key, index) => key === index)) return [...values]
  if (!keepsOrder(keys)) return new Map(keys.map((key, index) => [key, values[index]]))
  const record = Object.create(null) as Record<string, unknown>
  keys.forEach((key, index) => (record[String(key)] = values[index]))
  return record
}

/** Whether an object made of these keys lists them in this order. */
function keepsOrder(keys: readonly Key[]): boolean {
  if (keys.some((key) => typeof key === 'object')) return false
  const names = keys.map(String)
  const listed = Object.keys(Object.fromEntries(names.map((name) => [name, 0])))
  return names.every((name, index) => name === listed[index])
}
