/** Everything real PHP 8.2 wrote and refused, as far as its values can be told apart in JavaScript. */
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import {
  build,
  fromBase64,
  hasWholeFloat,
  matches,
  text,
  vectors,
  type Typed,
} from '../../helpers/typed-value.js'

interface SerializeRow {
  readonly id: string
  readonly category: string
  readonly php: string
  readonly serialized_b64: string
  readonly json: Typed | null
}

const values = vectors<SerializeRow>('serialize.jsonl')
const title = ({ id, category, php }: { id: string; category: string; php?: string }): string =>
  `${id} ${category} ${(php ?? '').slice(0, 60)}`

/**
 * What is not complete yet, and how many rows that touches. Rows with another `serialize_precision`,
 * `php_binary`, and values too large for a file of text are not in the files at all.
 */
const LEFT = {
  /** Ints when they are written again, until there is an exact mode. */
  'whole floats': 11,
  /** What PHP's classes decide, until classes can be registered and allowed. */
  'refused by a class or an option': 30,
  'made by a class': 4,
}

const isWhole = ({ json, serialized_b64 }: SerializeRow): boolean =>
  json === null ? /[;{]d:-?\d+;/.test(text(fromBase64(serialized_b64))) : hasWholeFloat(json)

const wholeFloats = values.filter(isWhole)

describe('values that PHP serialized', () => {
  it('are there in every category', () => {
    const categories = new Set(values.map(({ category }) => category))

    expect([...categories].sort()).toEqual([
      'array',
      'array-random',
      'enum',
      'float',
      'float-random',
      'float-subnormal',
      'incomplete',
      'int',
      'magic',
      'object',
      'refs',
      'scalar',
      'serializable-C',
      'serializable-C-nested',
      'spl-date',
      'string',
      'string-random',
    ])
  })

  it.each(values.map((row) => [title(row), row] as const))('are read: %s', (_, row) => {
    const value = unserialize(fromBase64(row.serialized_b64))

    expect(row.json === null || matches(value, row.json)).toBe(true)
  })

  const exact = values.filter((row) => !wholeFloats.includes(row))

  it('are exact, but for what is left', () => {
    expect(wholeFloats).toHaveLength(LEFT['whole floats'])
  })

  it.each(exact.map((row) => [title(row), row] as const))('are written back: %s', (_, row) => {
    const bytes = fromBase64(row.serialized_b64)

    expect(text(serialize(unserialize(bytes)))).toBe(text(bytes))
  })

  const buildable = exact.filter(({ json }) => json !== null)

  it.each(buildable.map((row) => [title(row), row] as const))('are written: %s', (_, row) => {
    const value = build(row.json as Typed)

    expect(text(serialize(value))).toBe(text(fromBase64(row.serialized_b64)))
  })
})

interface BadRow {
  readonly id: string
  readonly category: string
  readonly input_b64: string
  readonly options?: Record<string, unknown>
  readonly result: 'value' | 'false' | 'throws'
  readonly offset: number | null
  readonly value?: Typed
  /** What PHP said beside the offset. */
  readonly why?: string
}

const bad = vectors<BadRow>('unserialize-bad.jsonl')

/** What PHP's classes decide: values of them are inert here, and there is no `allowed_classes` yet. */
const BY_CLASS =
  /Illegal member variable name|Erroneous data format|Undefined constant|Class '[^']*' (not found|is not an enum)/

const isGrammar = (row: BadRow): boolean => row.result !== 'throws' && !BY_CLASS.test(row.why ?? '')

describe('text that PHP was asked to unserialize', () => {
  const rows = bad.filter(isGrammar)

  it('is decided by the grammar, but for what is left', () => {
    expect(bad.length - rows.length).toBe(LEFT['refused by a class or an option'])
  })

  it.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
    const maxDepth = row.options?.['max_depth']
    const run = (): unknown =>
      unserialize(
        fromBase64(row.input_b64),
        typeof maxDepth === 'number' ? { maxDepth } : undefined,
      )

    if (row.result === 'value') expect(run).not.toThrow()
    else {
      const offset: unknown = row.offset ?? expect.any(Number)
      expect(run).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DECODE', offset }))
      expect(run).toThrow(DecodeError)
    }
  })

  const described = rows.filter(({ value, options }) => isPlain(value) && options === undefined)

  it.each(described.map((row) => [title(row), row] as const))('means the same: %s', (_, row) => {
    expect(matches(unserialize(fromBase64(row.input_b64)), row.value as Typed)).toBe(true)
  })
})

/** PHP fills declared properties in; only values without objects are the same here. */
function isPlain(value: Typed | undefined): boolean {
  if (value === undefined || ['object', 'custom', 'ref'].includes(value.t)) return false
  return (value.entries ?? []).every(([, child]) => isPlain(child))
}

interface SessionRow {
  readonly id: string
  readonly category: string
  readonly op: 'encode' | 'decode' | 'start_with_stored_data'
  readonly handler: 'php' | 'php_serialize'
  readonly php?: string
  readonly written?: Typed
  readonly session?: Typed
  readonly encoded_b64?: string | null
  readonly input_b64?: string
  readonly return?: boolean
  readonly session_after?: Typed
}

const sessions = vectors<SessionRow>('session-codec.jsonl')
const encoded = sessions.filter(({ op, encoded_b64 }) => op === 'encode' && encoded_b64 != null)

describe('sessions that PHP encoded', () => {
  it.each(encoded.map((row) => [title(row), row] as const))('are kept: %s', (_, row) => {
    const serializer = serializerFor(row.handler)
    const bytes = fromBase64(row.encoded_b64 as string)

    expect(serializer.encode(serializer.decode(bytes), bytes)).toBe(bytes)
  })

  /** JavaScript puts keys that look like integers first. */
  const ordered = encoded.filter((row) => {
    const session = row.written ?? (row.session as Typed)
    const keys = (session.entries ?? []).map(([key]) => key.t)
    return !hasWholeFloat(session) && !(keys.includes('int') && keys.includes('string'))
  })

  it.each(ordered.map((row) => [title(row), row] as const))('are encoded: %s', (_, row) => {
    const serializer = serializerFor(row.handler)
    const bytes = fromBase64(row.encoded_b64 as string)

    expect(text(serializer.encode(serializer.decode(bytes)))).toBe(text(bytes))
  })
})

/** `__wakeup` and declared properties change what PHP has after reading. */
const isByClass = ({ input_b64 = '' }: SessionRow): boolean =>
  /"(Wake|WakeThrow|MagicSer)"/.test(text(fromBase64(input_b64)))

describe('stored sessions that PHP decoded', () => {
  const decoded = sessions.filter(({ op }) => op === 'start_with_stored_data')
  const inert = decoded.filter((row) => !isByClass(row))

  it('are the same here, but for what is left', () => {
    expect(decoded.length - inert.length).toBe(LEFT['made by a class'])
  })

  it.each(inert.map((row) => [title(row), row] as const))('%s', (_, row) => {
    const run = (): unknown => serializerFor(row.handler).decode(fromBase64(row.input_b64 ?? ''))

    if (row.return === true && isArray(row)) {
      expect(matches(run(), row.session_after as Typed)).toBe(true)
    } else expect(run).toThrow(DecodeError)
  })
})

/** PHP makes any value `$_SESSION`, and never writes it again; here only an array is one. */
function isArray({ session_after: after }: SessionRow): boolean {
  return after?.t === 'session' || after?.t === 'array'
}
