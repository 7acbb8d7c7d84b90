/** Sessions in PHP's formats: any names, and what nobody changed stands as it stood. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodeError } from '../../src/errors.js'
import type { SessionData } from '../../src/serializer.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { naiveSession, type NaiveVariable } from '../helpers/naive-php.js'
import { oddSessionData } from '../helpers/php-values.js'
import { sessionText } from '../helpers/php-text.js'
import { difference } from '../helpers/same-value.js'
import { text } from '../helpers/typed-value.js'
import { exactExamples } from './php-examples.js'

const RUNS = { numRuns: 10_000, includeErrorInReport: true }
const FORMATS = ['php', 'php_binary', 'php_serialize']

/** Names that a format has no bytes for, or that PHP would lose. */
const REFUSED: Readonly<Record<string, (name: string) => boolean>> = {
  php: (name) => name.includes('|') || hasNoBytes(name),
  php_binary: (name) => Buffer.byteLength(name) > 127 || hasNoBytes(name),
  php_serialize: hasNoBytes,
}

function hasNoBytes(name: string): boolean {
  return name === '\ud800' || name === '\udcc3\udca9'
}

/** The bytes of data; nothing where it has none. */
function encoded(encode: (data: SessionData) => Uint8Array, data: SessionData): Uint8Array[] {
  try {
    return [encode(data)]
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error
    return []
  }
}

function check(truth: boolean, fault: string, bytes: Uint8Array): void {
  if (!truth) throw new Error(`${fault}: ${JSON.stringify(text(bytes))}`)
}

describe('a session with any names', () => {
  it.each(FORMATS)('is read as it was written, or refused, in format %s', (format) => {
    const { encode, decode } = serializerFor(format)
    const isRefused = REFUSED[format] as (name: string) => boolean
    const held = fc.property(oddSessionData, (data) => {
      const written = encoded(encode, data)
      if (Object.keys(data).some(isRefused)) check(written.length === 0, 'written', Buffer.of())
      for (const bytes of written) {
        check(difference(data, decode(bytes)) === undefined, 'another value', bytes)
      }
      return written.length > 0 || Object.keys(data).some(isRefused)
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})

/** A reference out of the data of an object that serialized itself: it cannot go before its target. */
const DATA_LINK = /\{r:\d+;\}/

/** The text of a variable, whatever its slots are. */
const masked = (bytes: Uint8Array, { start, end }: NaiveVariable): string =>
  text(bytes.slice(start, end)).replaceAll(/([rR]):\d+;/g, '$1:_;')

/** Variables by name, of a session without two of a name. */
function variablesOf(format: string, bytes: Uint8Array): Map<string, string> {
  const { variables } = naiveSession(format, bytes)
  return new Map(variables.map((variable) => [variable.name, masked(bytes, variable)]))
}

describe('a session that PHP wrote', () => {
  it.each(FORMATS)('and nobody changed gives the bytes themselves, in format %s', (format) => {
    const { encode, decode } = serializerFor(format)
    const held = fc.property(sessionText(format), (bytes) => {
      const data = decode(bytes)
      check(encode(data, bytes) === bytes, 'other bytes', bytes)
    })
    const given = exactExamples(format).map((bytes): [Buffer] => [bytes])

    expect(() => fc.assert(held, { ...RUNS, examples: given })).not.toThrow()
  })

  it.each(FORMATS)('keeps every variable but the changed one, in format %s', (format) => {
    const { encode, decode } = serializerFor(format)
    const held = fc.property(sessionText(format), fc.nat(4), fc.nat(2), (bytes, pick, way) => {
      fc.pre(!DATA_LINK.test(text(bytes)))
      const data = decode(bytes)
      const names = Object.keys(data)
      const name = names[pick % Math.max(names.length, 1)] ?? 'new'
      if (way === 0) delete data[name]
      else data[way === 1 ? name : 'added'] = ['changed', { way: 0.5 }]

      const written = encode(data, bytes)
      // As it would be read from bytes that are all new.
      const fresh = decode(encode(data))
      check(difference(fresh, unordered(data, decode(written))) === undefined, 'another value', bytes) // prettier-ignore
      // What shares something with the changed variable may have to be written anew.
      if (/[rR]:\d+;/.test(text(bytes))) return
      const before = variablesOf(format, bytes)
      const after = variablesOf(format, written)
      for (const [kept, own] of before) {
        if (kept in data && kept !== name)
          check(after.get(kept) === own, `not kept, ${kept}`, bytes)
      }
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})

/** What was read, in the order of other data: changed variables keep their place in the bytes. */
function unordered(data: SessionData, read: SessionData): SessionData {
  const sorted = Object.create(null) as SessionData
  for (const name of Object.keys(data)) if (Object.hasOwn(read, name)) sorted[name] = read[name]
  return Object.keys(read).length === Object.keys(sorted).length ? sorted : read
}
