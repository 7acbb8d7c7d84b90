/** Every session that real PHP 8.2 encoded or decoded, in each of its formats. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import type { SessionData } from '../../../src/serializer.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { buildSession } from '../../helpers/typed-build.js'
import { matchesSession } from '../../helpers/typed-match.js'
import { fromBase64, named, text, vectors, type Typed } from '../../helpers/typed-value.js'
import { VECTOR_CLASSES } from '../../helpers/vector-classes.js'

interface EncodeRow {
  readonly id: string
  readonly category: string
  readonly op: 'encode'
  readonly handler: string
  readonly php: string
  readonly result: 'ok' | 'false' | 'throws'
  /** Missing where PHP encodes nothing. */
  readonly encoded_b64?: string
  readonly session: Typed
  /** What is left of the session, where PHP drops variables. */
  readonly written?: Typed
}

interface DecodeRow {
  readonly id: string
  /** `session_decode()` into a session with `PRESET`, or the start of a session. */
  readonly op: 'decode' | 'start_with_stored_data'
  readonly handler: string
  readonly input_b64: string
  readonly return: boolean | 'throws'
  readonly session_after: Typed
}

const FORMATS = ['php', 'php_binary', 'php_serialize']

const rows = vectors<EncodeRow | DecodeRow>('session-codec.jsonl')
const ours = rows.filter(({ handler }) => FORMATS.includes(handler))
const encodings = ours.filter((row) => row.op === 'encode')
const encoded = encodings.filter(({ encoded_b64 }) => encoded_b64 !== undefined)
const decodings = ours.filter((row) => row.op !== 'encode')

const titleOf = ({ handler, php }: EncodeRow): string => `${handler} ${php.slice(0, 60)}`
const bytesOf = ({ encoded_b64 = '' }: EncodeRow): Buffer => fromBase64(encoded_b64)
const writtenOf = ({ written, session }: EncodeRow): Typed => written ?? session

describe('sessions that PHP encoded', () => {
  it('are there in every format', () => {
    expect(rows).toHaveLength(513)
    expect(FORMATS.map((format) => encoded.filter(({ handler }) => handler === format).length)).toEqual([56, 56, 62]) // prettier-ignore
  })

  it.each(named(encoded, titleOf))('are read: %s', (_, row) => {
    const data = serializerFor(row.handler).decode(bytesOf(row))
    const exact = serializerFor(row.handler, { exact: true }).decode(bytesOf(row))

    expect(matchesSession(data, writtenOf(row))).toBe(true)
    expect(matchesSession(exact, writtenOf(row))).toBe(true)
  })

  it.each(named(encoded, titleOf))('are written back in exact mode: %s', (_, row) => {
    const { encode, decode } = serializerFor(row.handler, { exact: true })

    expect(text(encode(decode(bytesOf(row))))).toBe(text(bytesOf(row)))
  })

  it.each(named(encoded, titleOf))('are kept when nothing changed: %s', (_, row) => {
    const { encode, decode } = serializerFor(row.handler)
    const bytes = bytesOf(row)

    expect(encode(decode(bytes), bytes)).toBe(bytes)
  })

  it.each(named(encoded.filter(isInOrder), titleOf))('are written as by PHP: %s', (_, row) => {
    const data = buildSession(writtenOf(row))

    expect(text(serializerFor(row.handler).encode(data))).toBe(text(bytesOf(row)))
  })
})

/** JavaScript puts names that look like integers first, in their order. */
function isInOrder(row: EncodeRow): boolean {
  const names = (writtenOf(row).entries ?? []).map(([key]) =>
    key.t === 'int' ? String(key.v) : fromBase64(key.b64 ?? '').toString('latin1'),
  )
  const ordered = Object.keys(Object.fromEntries(names.map((name) => [name, true])))
  return names.every((name, index) => name === ordered[index])
}

describe('sessions that PHP does not encode as they are', () => {
  const isEmpty = ({ session }: EncodeRow): boolean => session.entries?.length === 0
  const lossy = encodings.filter(
    (row) =>
      (row.encoded_b64 === undefined || row.written !== undefined) && row.result !== 'throws',
  )

  it('are empty ones, which have no bytes', () => {
    const empty = lossy.filter(isEmpty)

    expect(empty.map(({ handler }) => handler)).toEqual(['php', 'php_binary'])
    expect(empty.map(({ handler }) => serializerFor(handler).encode({}).length)).toEqual([0, 0])
  })

  /** A `|` in a name empties a session in PHP; a name of more than 127 bytes is left out. */
  const isRefused = ({ handler, session }: EncodeRow): boolean =>
    (session.entries ?? []).some(([key]) => {
      const name = fromBase64(key.b64 ?? '')
      return handler === 'php' ? name.includes('|') : name.length > 127
    })

  it.each(named(lossy.filter(isRefused), titleOf))('are an error: %s', (_, row) => {
    expect(() => serializerFor(row.handler).encode(buildSession(row.session))).toThrow(EncodeError)
  })

  const numeric = lossy.filter((row) => !isEmpty(row) && !isRefused(row))

  it.each(named(numeric, titleOf))('keep the integer names PHP skips: %s', (_, row) => {
    const { encode, decode } = serializerFor(row.handler)
    const names = (row.session.entries ?? []).map(([key]) => key.v ?? fromBase64(key.b64 ?? '').toString()) // prettier-ignore

    const data = decode(encode(buildSession(row.session)))

    expect(Object.keys(data).sort()).toEqual(names.sort())
  })

  const throwing = encodings.filter(({ result }) => result === 'throws')

  it.each(named(throwing, titleOf))('are an error with the path: %s', (_, row) => {
    const run = (): unknown => serializerFor(row.handler).encode({ a: 1, f: () => {} })

    expect(run).toThrow(EncodeError)
    expect(run).toThrow(expect.objectContaining({ path: ['f'] }))
  })
})

/** What `$_SESSION` was before `session_decode()`, which merges unless the session is one array. */
const PRESET = { pre: 'existing', a: 'old' }

function after({ op, handler }: DecodeRow, decoded: SessionData): SessionData {
  const isMerged = op === 'decode' && handler !== 'php_serialize'
  return Object.assign(Object.create(null), isMerged ? PRESET : {}, decoded) as SessionData
}

describe('bytes that PHP decoded as a session', () => {
  const shown = ({ op, handler, input_b64 }: DecodeRow): string =>
    `${op} ${handler} ${JSON.stringify(text(fromBase64(input_b64)).slice(0, 60))}`
  const isSession = ({ session_after }: DecodeRow): boolean =>
    ['session', 'array'].includes(session_after.t)
  /** Their classes fill in properties, or refuse. */
  const isByClass = ({ input_b64 }: DecodeRow): boolean =>
    /"(Wake|WakeThrow|MagicSer)"/.test(text(fromBase64(input_b64)))

  const refused = decodings.filter((row) => row.return === false)
  const classes = decodings.filter((row) => row.return !== false && isByClass(row))
  const others = decodings.filter((row) => row.return === true && !isByClass(row))
  const accepted = others.filter(isSession)
  const values = others.filter((row) => !isSession(row))

  it('are 200 rows', () => {
    expect([decodings, refused, classes, accepted, values].map(({ length }) => length)).toEqual([
      200, 79, 7, 106, 8,
    ])
  })

  it.each(named(accepted, shown))('are the same here: %s', (_, row) => {
    const data = serializerFor(row.handler).decode(fromBase64(row.input_b64))

    expect(matchesSession(after(row, data), row.session_after)).toBe(true)
  })

  it.each(named(refused, shown))('are refused here, too: %s', (_, row) => {
    expect(() => serializerFor(row.handler).decode(fromBase64(row.input_b64))).toThrow(DecodeError)
  })

  it.each(named(values, shown))('are no session here, as they are no array: %s', (_, row) => {
    expect(row.handler).toBe('php_serialize')
    expect(() => serializerFor(row.handler).decode(fromBase64(row.input_b64))).toThrow(DecodeError)
  })

  it.each(named(classes, shown))('are what a codec of the class says: %s', (_, row) => {
    const run = (options: object): SessionData =>
      serializerFor(row.handler, options).decode(fromBase64(row.input_b64))

    expect(Object.keys(run({}))).toContain('a')
    if (row.return === 'throws') expect(() => run({ classes: VECTOR_CLASSES })).toThrow(DecodeError)
    else expect(run({ classes: VECTOR_CLASSES })).toHaveProperty('a')
  })
})

describe('sessions of igbinary and msgpack', () => {
  const foreign = rows
    .filter((row) => row.op === 'encode' && !FORMATS.includes(row.handler))
    .filter((row): row is EncodeRow => 'encoded_b64' in row)

  it('are 124 rows', () => {
    expect(foreign).toHaveLength(124)
  })

  it.each(named(foreign, titleOf))('are refused by name: %s', (_, row) => {
    for (const format of FORMATS) {
      const run = (): unknown => serializerFor(format).decode(bytesOf(row))

      expect(run).toThrow(DecodeError)
      expect(run).toThrow(row.handler)
    }
  })
})
