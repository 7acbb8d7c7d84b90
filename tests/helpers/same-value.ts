/** Whether two values of the codec are the same, down to identities, order, prototypes and bits. */
import { types } from 'node:util'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../src/php/values.js'

type Pairs = Map<object, object>

/**
 * Where two values differ, as a path; `undefined` when they are the same.
 *
 * Objects and references are compared as a graph: what is one instance here is one instance there.
 * Arrays, which PHP copies, are compared by content.
 */
export function difference(left: unknown, right: unknown): string | undefined {
  return differ(left, right, { there: new Map(), back: new Map() })
}

interface Known {
  readonly there: Pairs
  readonly back: Pairs
}

function differ(left: unknown, right: unknown, known: Known): string | undefined {
  if (Object.is(left, right) && typeof left !== 'object') return undefined
  if (typeof left !== 'object' || typeof right !== 'object') return ': another value'
  if (left === null || right === null) return left === right ? undefined : ': null'
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return ': another prototype'
  if (types.isUint8Array(left)) return sameBytes(left, right) ? undefined : ': other bytes'
  if (left instanceof PhpEnum) return differEnum(left, right as PhpEnum)
  if (hasIdentity(left)) {
    const there = known.there.get(left)
    const back = known.back.get(right)
    if (there !== undefined || back !== undefined) {
      return there === right && back === left ? undefined : ': another instance'
    }
    known.there.set(left, right)
    known.back.set(right, left)
  }
  return differParts(partsOf(left), partsOf(right), known)
}

function hasIdentity(value: object): boolean {
  return (
    value instanceof PhpObject || value instanceof PhpReference || value instanceof PhpSerializable
  )
}

function sameBytes(left: Uint8Array, right: unknown): boolean {
  return types.isUint8Array(right) && Buffer.compare(left, right) === 0
}

function differEnum(left: PhpEnum, right: PhpEnum): string | undefined {
  const same = left.className === right.className && left.caseName === right.caseName
  return same ? undefined : ': another case'
}

type Parts = readonly (readonly [key: unknown, value: unknown])[]

/** Everything an object is made of, in its order. */
function partsOf(value: object): Parts {
  if (value instanceof PhpObject) return [['className', value.className], ...value.members]
  if (types.isMap(value)) return [...(value as Map<unknown, unknown>)]
  return Object.entries(value)
}

function differParts(left: Parts, right: Parts, known: Known): string | undefined {
  if (left.length !== right.length) return `: ${left.length} and ${right.length} entries`
  for (const [index, [key, value]] of left.entries()) {
    const [other, found] = right[index] as Parts[number]
    if (differ(key, other, known) !== undefined) return `[${String(key)}]: another key`
    const fault = differ(value, found, known)
    if (fault !== undefined) return `[${String(key)}]${fault}`
  }
  return undefined
}
