/** JavaScript values of what the vectors describe. */
import { nameText } from '../../src/php/names.js'
import {
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { childrenOf, floatOf, fromBase64, isWhole, nameOf, type Typed } from './typed-value.js'

interface Building {
  /** Slots that a reference names. */
  readonly referred: ReadonlySet<number | undefined>
  readonly slots: Map<number | undefined, unknown>
}

/** The JavaScript value; arrays as `Map`s, so that they are written as they are. */
export function build(root: Typed): unknown {
  return buildWith(root, start(root))
}

/** The variables of a session. */
export function buildSession(session: Typed): SessionData {
  const building = start(session)
  const data = Object.create(null) as SessionData
  for (const [key, value] of session.entries ?? []) {
    data[key.t === 'int' ? String(key.v) : nameText(fromBase64(key.b64 ?? ''))] = buildWith(
      value,
      building,
    )
  }
  return data
}

function start(root: Typed): Building {
  const referred = new Set<number | undefined>()
  const note = (value: Typed): void => {
    if (value.kind === 'R') referred.add(value.to)
    childrenOf(value).forEach(note)
  }
  note(root)
  return { referred, slots: new Map() }
}

function buildWith(typed: Typed, building: Building): unknown {
  const { slots, referred } = building
  if (typed.t === 'ref') {
    const target = slots.get(typed.to)
    return typed.kind === 'r' && target instanceof PhpReference ? target.value : target
  }
  const value = scalarOf(typed) ?? create(typed)
  const held = referred.has(typed.slot) ? new PhpReference(value) : value
  if (typed.slot !== undefined) slots.set(typed.slot, held)
  if (value instanceof PhpObject) fillObject(value, typed, building)
  if (value instanceof Map) fillMap(value as Map<unknown, unknown>, typed, building)
  return held
}

function scalarOf(typed: Typed): unknown {
  switch (typed.t) {
    case 'bool':
      return typed.v
    case 'int':
      return Number.isSafeInteger(Number(typed.v)) ? Number(typed.v) : BigInt(`${typed.v}`)
    case 'float':
      return floatFor(floatOf(typed.v))
    case 'string':
      return new Uint8Array(fromBase64(typed.b64 ?? ''))
    case 'resource':
      return 0
    default:
      return undefined
  }
}

function floatFor(value: number): number | PhpFloat {
  return isWhole(value) ? new PhpFloat(value) : value
}

function create(typed: Typed): unknown {
  switch (typed.t) {
    case 'null':
      return null
    case 'enum':
      return new PhpEnum(nameOf(typed.class), nameOf(typed.case))
    case 'custom':
      return new PhpSerializable(nameOf(typed.class), fromBase64(typed.data_b64 ?? ''))
    case 'object':
      return new PhpObject(nameOf(typed.class))
    case 'array':
      return new Map()
    default:
      throw new TypeError(`no value of type ${typed.t}`)
  }
}

function fillMap(map: Map<unknown, unknown>, { entries = [] }: Typed, building: Building): void {
  for (const [key, value] of entries) map.set(scalarOf(key), buildWith(value, building))
}

function fillObject(object: PhpObject, typed: Typed, building: Building): void {
  for (const [name, visibility, value] of typed.props ?? []) {
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
  for (const [key, value] of typed.entries ?? []) {
    const name = key.t === 'int' ? Number(key.v) : nameText(fromBase64(key.b64 ?? ''))
    object.members.set(name, buildWith(value, building))
  }
}
