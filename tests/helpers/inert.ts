/** That reading makes nothing but data: known prototypes, nothing added to any of them. */
import { types } from 'node:util'
import {
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../src/php/values.js'

const CLASSES = [
  Array,
  Map,
  Uint8Array,
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
]

const PROTOTYPES = new Set<unknown>([null, ...CLASSES.map(({ prototype }) => prototype as unknown)])

/** What all prototypes hold that a payload could reach; equal before and after. */
export function prototypesSeen(): string {
  const reached = [Object, Function, String, Number, Set, ...CLASSES]
  return reached.flatMap((each) => [each, each.prototype].map(contents)).join('\n')
}

function contents(object: object): string {
  const own = Reflect.ownKeys(object).map((key) => {
    const { value } = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor
    const shown = typeof value === 'function' ? (value as { name: string }).name : typeof value
    return `${String(key)}=${shown}`
  })
  return own.join(',')
}

/** What is wrong with a value that was read; `undefined` when all in it is plain data. */
export function inertFault(root: unknown): string | undefined {
  const known = new Set<object>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
    if (typeof value !== 'object' || value === null || known.has(value)) continue
    known.add(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (!PROTOTYPES.has(prototype)) return 'an unknown prototype'
    if (types.isUint8Array(value)) continue
    if (prototype === null && ('toString' in value) !== Object.hasOwn(value, 'toString')) return 'an inherited name' // prettier-ignore
    for (const key in value) if (!Object.hasOwn(value, key)) return 'an inherited name'
    open.push(...partsOf(value))
  }
  return undefined
}

function partsOf(value: object): unknown[] {
  if (types.isMap(value)) return [...(value as Map<unknown, unknown>).entries()].flat()
  return Object.values(value) as unknown[]
}
