/**
 * Values of a session as readable text. Nothing in it is obeyed by a terminal.
 *
 * @module
 */
import { inspect } from 'node:util'
import { isPlainObject } from '../lib/plain-object.js'
import type { PhpFloat, PhpObject, PhpValue } from '../php/values.js'
import { kindOf } from '../php/values.js'
import { harmless } from './units.js'

/** Deeper values are left out; JSON has them all. */
const MAX_DEPTH = 100
/** What is no longer stands in one line. */
const MAX_LINE = 72
/** So many bytes of a binary text are shown. */
const MAX_BYTES = 64

/** Where in the whole a value stands. */
interface Place {
  readonly indent: string
  /** What it lies in, so that a cycle ends. */
  readonly above: readonly object[]
}

/** The variables of a session, one below the other. */
export function variablesText(data: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(data).map(
    ([name, value]) => `${keyText(name)}: ${textOf(value, { indent: '', above: [] })}`,
  )
  return lines.length === 0 ? '(empty)' : lines.join('\n')
}

/** A value; what it holds stands indented below it. */
function textOf(value: unknown, place: Place): string {
  if (typeof value === 'string') return stringText(value)
  if (typeof value === 'bigint') return `${value}`
  if (Object.is(value, -0)) return '-0'
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return bytesText(value)
  if (place.above.includes(value)) return '(a cycle)'
  if (place.above.length >= MAX_DEPTH) return '(deeper)'
  const inner = { indent: `${place.indent}  `, above: [...place.above, value] }
  return phpText(value, inner) ?? plainText(value, inner)
}

function plainText(value: object, inner: Place): string {
  if (Array.isArray(value))
    return block(
      '[',
      value.map((one) => textOf(one, inner)),
      inner,
    )
  if (value instanceof Map) return block('Map {', pairs(value, inner), inner)
  if (value instanceof Set) {
    return block(
      'Set {',
      Array.from(value, (one) => textOf(one, inner)),
      inner,
    )
  }
  if (isPlainObject(value)) return block('{', pairs(Object.entries(value), inner), inner)
  return harmless(inspect(value, { breakLength: Infinity }))
}

function phpText(value: object, inner: Place): string | undefined {
  switch (kindOf(value)) {
    case 'object':
      return objectText(value as PhpObject, inner)
    case 'enum':
    case 'float':
    case 'reference':
    case 'serializable':
      return otherText(value as Exclude<PhpValue, PhpObject>, inner)
    default:
      return undefined
  }
}

function objectText(object: PhpObject, inner: Place): string {
  const members = object.properties().map(({ name, visibility, value }) => {
    const mark = visibility === 'public' ? '' : ` (${visibility})`
    return `${keyText(name)}${mark}: ${textOf(value, inner)}`
  })
  return block(`${harmless(object.className)} {`, members, inner)
}

function otherText(value: Exclude<PhpValue, PhpObject>, inner: Place): string {
  if ('caseName' in value) return harmless(`${value.className}::${value.caseName}`)
  if ('data' in value) return `${harmless(value.className)} ${bytesText(value.data)}`
  if ('text' in value) return floatText(value)
  return `& ${textOf(value.value, inner)}`
}

/** With a point, as it would be an int without one. */
function floatText({ value, text = String(value) }: PhpFloat): string {
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function pairs(entries: Iterable<readonly [unknown, unknown]>, inner: Place): string[] {
  return Array.from(entries, ([key, value]) => {
    const name = typeof key === 'string' ? keyText(key) : textOf(key, inner)
    return `${name}: ${textOf(value, inner)}`
  })
}

function block(head: string, parts: readonly string[], { indent }: Place): string {
  const tail = head.endsWith('[') ? ']' : '}'
  if (parts.length === 0) return head + tail
  const line = `${head} ${parts.join(', ')} ${tail}`
  if (line.length <= MAX_LINE && !line.includes('\n')) return line
  const lines = parts.map((part) => `\n${indent}${part}`)
  return `${head}${lines.join('')}\n${indent.slice(2)}${tail}`
}

function keyText(name: string): string {
  return /^[\p{L}\p{N}_.-]+$/u.test(name) ? name : stringText(name)
}

function stringText(text: string): string {
  return harmless(JSON.stringify(text))
}

function bytesText(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, MAX_BYTES)).toString('hex')
  return `(${bytes.length} bytes) ${shown}${bytes.length > MAX_BYTES ? '…' : ''}`
}
