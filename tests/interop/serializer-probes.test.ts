/**
 * 37 values to write, 27 texts to read and 9 to refuse, each with what PHP has for it. Ours is right
 * in all of them. How often php-serialize, locutus and phpunserialize are is counted.
 */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference } from '../../src/php/values.js'
import { peer } from '../helpers/peer.js'
import { describeWith } from '../helpers/services.js'
import { text, wire } from '../helpers/typed-value.js'

/** Bytes as one character each. */
interface Codec {
  readonly write?: (value: unknown) => string
  readonly read: (bytes: string) => unknown
}

interface PhpSerialize {
  serialize(value: unknown): string
  unserialize(bytes: string, scope: object, options: object): unknown
}

type Locutus = { readonly default: (value: unknown, errors?: string) => unknown }

const phpSerialize = await peer<PhpSerialize>('php-serialize')
const locutusWrite = (await peer<Locutus>('locutus/php/var/serialize.js')).default
const locutusRead = (await peer<Locutus>('locutus/php/var/unserialize.js')).default
const phpunserialize = (await peer<Locutus>('phpunserialize/phpUnserialize.js')).default

/** Text, as the others take it. */
const utf8 = (bytes: string): string => wire(bytes).toString('utf8')
const fromText = (written: unknown): string => text(Buffer.from(String(written)))

const ours: Required<Codec> = {
  write: (value) => text(serialize(value)),
  read: (bytes) => unserialize(wire(bytes)),
}

const others: Readonly<Record<string, Codec>> = {
  'php-serialize': {
    write: (value) => fromText(phpSerialize.serialize(value)),
    read: (bytes) => phpSerialize.unserialize(utf8(bytes), {}, { strict: false }),
  },
  locutus: {
    write: (value) => fromText(locutusWrite(value)),
    read: (bytes) => locutusRead(utf8(bytes), 'throw'),
  },
  phpunserialize: { read: (bytes) => phpunserialize(utf8(bytes)) },
}

/** What PHP writes for an expression, and the value that should give the same. */
const WRITES: readonly (readonly [php: string, value: unknown, bytes: string])[] = [
  ['null', null, 'N;'],
  ['true', true, 'b:1;'],
  ['false', false, 'b:0;'],
  ['0', 0, 'i:0;'],
  ['-12', -12, 'i:-12;'],
  ['2147483648', 2147483648, 'i:2147483648;'],
  ['9007199254740991', Number.MAX_SAFE_INTEGER, 'i:9007199254740991;'],
  ['PHP_INT_MAX', 2n ** 63n - 1n, 'i:9223372036854775807;'],
  ['PHP_INT_MIN', -(2n ** 63n), 'i:-9223372036854775808;'],
  ['0.1 + 0.2', 0.1 + 0.2, 'd:0.30000000000000004;'],
  ['-0.0', -0, 'd:-0;'],
  ['1e-7', 1e-7, 'd:1.0E-7;'],
  ['1e15 + 0.5', 1e15 + 0.5, 'd:1000000000000000.5;'],
  ['1e21', 1e21, 'd:1.0E+21;'],
  ['PHP_FLOAT_MAX', Number.MAX_VALUE, 'd:1.7976931348623157E+308;'],
  ['5e-324', Number.MIN_VALUE, 'd:5.0E-324;'],
  ['INF', Infinity, 'd:INF;'],
  ['-INF', -Infinity, 'd:-INF;'],
  ['NAN', NaN, 'd:NAN;'],
  ["''", '', 's:0:"";'],
  ["'tea'", 'tea', 's:3:"tea";'],
  ["'čaj'", 'čaj', 's:4:"\xc4\x8daj";'],
  ["'日本'", '日本', 's:6:"\xe6\x97\xa5\xe6\x9c\xac";'],
  ["'🎻'", '🎻', 's:4:"\xf0\x9f\x8e\xbb";'],
  ["'\";i:1;'", '";i:1;', 's:6:"";i:1;";'],
  ['"a\\0b"', 'a\0b', 's:3:"a\0b";'],
  ['"\\xff\\x00"', Uint8Array.of(0xff, 0), 's:2:"\xff\0";'],
  ['[]', [], 'a:0:{}'],
  ["[1, 'b']", [1, 'b'], 'a:2:{i:0;i:1;i:1;s:1:"b";}'],
  ['[[null]]', [[null]], 'a:1:{i:0;a:1:{i:0;N;}}'],
  ["['a' => ['b' => 1.5]]", { a: { b: 1.5 } }, 'a:1:{s:1:"a";a:1:{s:1:"b";d:1.5;}}'],
  ["['č' => 1]", { č: 1 }, 'a:1:{s:2:"\xc4\x8d";i:1;}'],
  ["['7' => 'x']", { 7: 'x' }, 'a:1:{i:7;s:1:"x";}'],
  ["['-7' => 'x']", { '-7': 'x' }, 'a:1:{i:-7;s:1:"x";}'],
  ["['07' => 'x']", { '07': 'x' }, 'a:1:{s:2:"07";s:1:"x";}'],
  ["['b' => 1, 0 => 2]", new Map<unknown, unknown>([['b', 1], [0, 2]]), 'a:2:{s:1:"b";i:1;i:0;i:2;}'], // prettier-ignore
  ["['__proto__' => 1]", JSON.parse('{"__proto__":1}'), 'a:1:{s:9:"__proto__";i:1;}'],
]

const is = (expected: unknown) => (value: unknown) => Object.is(value, expected)
/** Equal as JSON, so that lists must be lists and nothing is inherited. */
const like = (expected: unknown) => (value: unknown) =>
  JSON.stringify(value) === JSON.stringify(expected)
const first = (value: unknown): unknown => (value as readonly unknown[])[0]
const second = (value: unknown): unknown => (value as readonly unknown[])[1]
/** A property of an object, in the way of each library. */
const property = (value: unknown, name: string): unknown =>
  value instanceof PhpObject ? value.get(name) : (value as Record<string, unknown>)[name]

/** What PHP wrote, and whether a library has understood it. */
const READS: readonly (readonly [bytes: string, right: (value: unknown) => boolean])[] = [
  ['N;', is(null)],
  ['b:0;', is(false)],
  ['i:-12;', is(-12)],
  ['i:9007199254740993;', is(9007199254740993n)],
  ['i:-9223372036854775808;', is(-(2n ** 63n))],
  ['d:0.5;', is(0.5)],
  ['d:-0.5;', is(-0.5)],
  ['d:-0;', is(-0)],
  ['d:1.0E-7;', is(1e-7)],
  ['d:1.0E+25;', is(1e25)],
  ['d:INF;', is(Infinity)],
  ['d:-INF;', is(-Infinity)],
  ['d:NAN;', is(NaN)],
  ['s:4:"\xc4\x8daj";', is('čaj')],
  ['s:4:"\xf0\x9f\x8e\xbb";', is('🎻')],
  ['s:6:"";i:1;";', is('";i:1;')],
  ['s:2:"\xff\0";', (value) => Buffer.from(value as Uint8Array).equals(Buffer.of(0xff, 0))],
  ['a:0:{}', like([])],
  ['a:2:{i:0;s:1:"x";i:1;a:1:{i:0;N;}}', like(['x', [null]])],
  ['a:2:{s:1:"a";i:1;s:1:"b";a:1:{s:1:"c";b:1;}}', like({ a: 1, b: { c: true } })],
  ['a:2:{i:3;s:1:"c";i:8;s:1:"h";}', like({ 3: 'c', 8: 'h' })],
  ['a:2:{s:1:"b";i:1;i:0;i:2;}', (value) => value instanceof Map && [...value.keys()].join() === 'b,0'], // prettier-ignore
  ['a:1:{s:9:"__proto__";a:1:{s:1:"a";i:1;}}', (value) => Object.keys(value as object).join() === '__proto__'], // prettier-ignore
  ['O:8:"stdClass":1:{s:1:"a";i:1;}', (value) => property(value, 'a') === 1],
  ['a:2:{i:0;O:8:"stdClass":0:{}i:1;r:2;}', (value) => first(value) === second(value)],
  ['a:2:{i:0;i:1;i:1;R:2;}', (value) => first(value) instanceof PhpReference && first(value) === second(value)], // prettier-ignore
  ['E:11:"Suit:Hearts";', (value) => value instanceof PhpEnum],
]

/** What PHP refuses. */
const BAD = ['s:-1:"";', 's:2:"abc";', 's:4:"abc";', 's:1:"\xc4\x8d";', 'a:-1:{}', 'a:2:{i:0;N;}', 'b:7;', 'i:1.5;', 'd:1.5x;'] // prettier-ignore

function holds(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

const written = ({ write }: Codec): number | undefined =>
  write && WRITES.filter(([, value, bytes]) => holds(() => write(value) === bytes)).length
const understood = ({ read }: Codec): number =>
  READS.filter(([bytes, right]) => holds(() => right(read(bytes)))).length
const taken = ({ read }: Codec): number =>
  BAD.filter((bytes) => holds(() => (read(bytes), true))).length

describe('the probes', () => {
  it.each(WRITES)('%s is written as PHP writes it', (_php, value, bytes) => {
    expect(ours.write(value)).toBe(bytes)
  })

  it.each(READS)('%j is understood', (bytes, right) => {
    expect(ours.read(bytes)).toSatisfy(right)
  })

  it.each(BAD)('%j is refused', (bytes) => {
    expect(() => ours.read(bytes)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DECODE' }))
  })

  it('are right in all of them here, and in some of them elsewhere', () => {
    const scores = Object.entries({ sessionz: ours, ...others }).map(([name, codec]) => [
      name,
      written(codec),
      understood(codec),
      taken(codec),
    ])

    expect(scores).toEqual([
      ['sessionz', 37, 27, 0],
      ['php-serialize', 28, 17, 5],
      ['locutus', 23, 18, 0],
      ['phpunserialize', undefined, 18, 8],
    ])
  })
})

describeWith('php', 'PHP', () => {
  const php = (script: string): string[] => {
    const input = `<?php enum Suit { case Hearts; } ${script}`
    const { stdout } = spawnSync('php', ['-n'], { input, encoding: 'utf8', timeout: 20_000 })
    return stdout.trimEnd().split('\n')
  }
  const base64 = (bytes: string): string => wire(bytes).toString('base64')
  const echo = (expression: string): string => `echo base64_encode(${expression}), "\\n";`

  it('writes what the probes say', () => {
    const script = WRITES.map(([expression]) => echo(`serialize(${expression})`)).join('')

    expect(php(script)).toEqual(WRITES.map(([, , bytes]) => base64(bytes)))
  })

  it('reads what the probes hold, and would write it again', () => {
    const script = READS.map(([bytes]) =>
      echo(`serialize(unserialize(base64_decode('${base64(bytes)}')))`),
    )

    expect(php(script.join(''))).toEqual(READS.map(([bytes]) => base64(bytes)))
  })

  it('refuses what the probes refuse', () => {
    const script = BAD.map((bytes) => echo(`serialize(@unserialize(base64_decode('${base64(bytes)}')))`)) // prettier-ignore

    expect(php(script.join(''))).toEqual(BAD.map(() => base64('b:0;')))
  })
})
