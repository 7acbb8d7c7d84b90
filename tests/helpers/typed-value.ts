/** PHP values as the vectors write them down, made into JavaScript values and compared with them. */
import { readFileSync } from 'node:fs'
import { nameText } from '../../src/php/names.js'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../src/php/values.js'

type Name = string | { readonly b64: string }
type Property = readonly [name: Name, visibility: string, value: Typed]

export interface Typed {
  readonly t: string
  readonly v?: unknown
  readonly b64?: string
  readonly entries?: readonly (readonly [key: Typed, value: Typed])[]
  readonly props?: readonly Property[]
  readonly magic?: string
  readonly class?: Name
  readonly case?: Name
  readonly data_b64?: string
  readonly kind?: 'r' | 'R'
  readonly to?: number
  readonly slot?: number
}

/** The rows of a file of `tests/vectors`. */
export function vectors<T>(file: string): T[] {
  const text = readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))
}

export const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64')

/** Bytes one character each, to write wire formats down in a test. */
export const wire = (text: string): Buffer => Buffer.from(text, 'latin1')
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

export const nameOf = (name: Name = ''): string =>
  typeof name === 'string' ? name : nameText(fromBase64(name.b64))

export function floatOf(hex: unknown): number {
  return Buffer.from(String(hex).slice(2), 'hex').readDoubleBE()
}

/** Whether somewhere in it is a float that JavaScript cannot tell from an int. */
export function hasWholeFloat(value: Typed): boolean {
  if (value.t === 'float') {
    const float = floatOf(value.v)
    return Number.isSafeInteger(float) && !Object.is(float, -0)
  }
  return childrenOf(value).some(hasWholeFloat)
}

function childrenOf({ entries = [], props = [] }: Typed): Typed[] {
  return [...entries.map(([, value]) => value), ...props.map(([, , value]) => value)]
}

/** The JavaScript value; arrays as `Map`s, so that they are written as they are. */
export function build(root: Typed): unknown {
  const referred = new Set<number | undefined>()
  const note = (value: Typed): void => {
    if (value.kind === 'R') referred.add(value.to)
    childrenOf(value).forEach(note)
  }
  note(root)
  return buildWith(root, { referred, slots: new Map() })
}

interface Building {
  readonly referred: ReadonlySet<number | undefined>
  readonly slots: Map<number | undefined, unknown>
}

function buildWith(typed: Typed, building: Building): unknown {
  const { slots, referred } = building
  if (typed.t === 'ref') {
    const target = slots.get(typed.to)
    return typed.kind === 'r' && target instanceof PhpReference ? target.value : target
  }
  const [value, fill] = make(typed, building)
  const held = referred.has(typed.slot) ? new PhpReference(value) : value
  if (typed.slot !== undefined) slots.set(typed.slot, held)
  fill()
  return held
}

function make(typed: Typed, building: Building): [value: unknown, fill: () => void] {
  const whole = (value: unknown): [unknown, () => void] => [value, () => {}]
  const { entries = [], props = [] } = typed
  switch (typed.t) {
    case 'null':
      return whole(null)
    case 'bool':
      return whole(typed.v)
    case 'int':
      return whole(Number.isSafeInteger(Number(typed.v)) ? Number(typed.v) : BigInt(`${typed.v}`))
    case 'float':
      return whole(floatOf(typed.v))
    case 'string':
      return whole(new Uint8Array(fromBase64(typed.b64 ?? '')))
    case 'enum':
      return whole(new PhpEnum(nameOf(typed.class), nameOf(typed.case)))
    case 'custom':
      return whole(new PhpSerializable(nameOf(typed.class), fromBase64(typed.data_b64 ?? '')))
    case 'object': {
      const object = new PhpObject(nameOf(typed.class))
      return [object, () => fillObject(object, { entries, props }, building)]
    }
    default: {
      const map = new Map<unknown, unknown>()
      const fill = (): void =>
        entries.forEach(([key, value]) =>
          map.set(buildWith(key, building), buildWith(value, building)),
        )
      return [map, fill]
    }
  }
}

function fillObject(
  object: PhpObject,
  { entries, props }: Required<Pick<Typed, 'entries' | 'props'>>,
  building: Building,
): void {
  for (const [name, visibility, value] of props) {
    const [kind, declaringClass] = visibility.split(':') as [
      'public' | 'protected' | 'private',
      string?,
    ]
    object.define({
      name: nameOf(name),
      visibility: kind,
      ...(declaringClass === undefined ? {} : { declaringClass }),
      value: buildWith(value, building),
    })
  }
  for (const [key, value] of entries) {
    const name = key.t === 'int' ? Number(key.v) : nameText(fromBase64(key.b64 ?? ''))
    object.members.set(name, buildWith(value, building))
  }
}

/** Whether a value that was read is what PHP has; references are left to the round trips. */
export function matches(value: unknown, typed: Typed): boolean {
  if (typed.t === 'ref') return true
  if (value instanceof PhpReference) return matches(value.value, typed)
  const { entries = [], props = [] } = typed
  switch (typed.t) {
    case 'null':
      return value === null
    case 'bool':
      return value === typed.v
    case 'int':
      return (typeof value === 'number' || typeof value === 'bigint') && `${value}` === typed.v
    case 'float':
      return Object.is(value, floatOf(typed.v)) || value === floatOf(typed.v)
    case 'string':
      return Buffer.from(value as string).equals(fromBase64(typed.b64 ?? ''))
    case 'enum':
      return value instanceof PhpEnum && value.caseName === nameOf(typed.case)
    case 'custom':
      return value instanceof PhpSerializable && value.className === nameOf(typed.class)
    case 'object':
      if (!(value instanceof PhpObject) || value.className !== nameOf(typed.class)) return false
      if (typed.magic !== undefined) return matchesEntries([...value.members], entries)
      return (
        value.members.size === props.length &&
        value.properties().every(({ name, visibility, declaringClass, value: own }, index) => {
          const [expected, kind, child] = props[index] as Property
          const shown =
            declaringClass === undefined ? visibility : `${visibility}:${declaringClass}`
          return name === nameOf(expected) && shown === kind && matches(own, child)
        })
      )
    default:
      return matchesEntries(entriesOf(value), entries)
  }
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)]
  return Object.entries(value as object)
}

function matchesEntries(
  found: readonly (readonly [unknown, unknown])[],
  entries: NonNullable<Typed['entries']>,
): boolean {
  if (found.length !== entries.length) return false
  return entries.every(([key, value], index) => {
    const [name, own] = found[index] as [unknown, unknown]
    const bytes = Buffer.from(name instanceof Uint8Array ? name : String(name))
    const expected = key.t === 'int' ? Buffer.from(`${key.v}`) : fromBase64(key.b64 ?? '')
    return bytes.equals(expected) && matches(own, value)
  })
}
