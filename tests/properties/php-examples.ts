/** Inputs that once showed a fault, or that a rule hangs on: every property runs over them first. */
import fc from 'fast-check'
import { serialize } from '../../src/php/serialize.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { phpValue, sessionData } from '../helpers/php-values.js'
import { wire } from '../helpers/typed-value.js'

const VALUES = [
  // A second entry with a key that is bytes: the place is the same, the key object is not.
  'a:2:{s:1:"\xff";i:1;s:1:"\xff";R:2;}',
  'a:2:{s:1:"\xff";O:1:"A":0:{}s:1:"\xff";r:2;}',
  // References into containers that are not yet read to the end, and that change their kind there.
  'a:1:{i:0;R:1;}',
  'a:2:{i:0;a:2:{i:0;i:1;i:7;R:2;}i:1;R:2;}',
  'a:2:{i:0;a:2:{i:7;R:2;i:0;i:1;}i:1;R:2;}',
  'a:3:{i:0;i:1;i:0;a:1:{i:0;R:2;}i:1;R:2;}',
  'O:1:"A":2:{s:1:"a";R:1;s:1:"a";r:1;}',
  'a:2:{i:0;i:1;i:1;R:18446744073709551618;}',
  's:18446744073709551617:"a";',
  'S:18446744073709551617:"\\61";',
  'a:2:{s:1:"5";i:1;S:1:"\\35";i:2;}',
  'O:1:"A":2:{s:1:"5";i:1;i:5;i:2;}',
  'O:8:"stdClass"::{}',
  'C:1:"A"::{}',
  'a:3:{i:1;N;i:0;N;i:2;N;}',
  'a:2:{i:4294967295;N;i:4294967294;N;}',
  'a:2:{i:0;N;s:9:"__proto__";a:1:{s:9:"__proto__";N;}}',
  'd:000000000000000.1;',
  'd:-.5e-400;',
  'i:-00000000000000000000;',
]

const SESSIONS: Readonly<Record<string, readonly string[]>> = {
  php: [
    'a|i:1;a|R:1;',
    'a|a:1:{i:0;R:1;}b|R:1;',
    '|N;',
    '__proto__|i:1;b|R:1;',
    '\xff|i:1;\xff|R:1;',
  ],
  php_serialize: ['N;', 'N;x', 'a:1:{s:1:"a";R:1;}', 'a:2:{i:7;i:1;s:1:"7";R:2;}', 'a:0:{', 'i:1;'],
  php_binary: ['\x01ai:1;', '\x81ai:1;', '\x00N;', '\x01a', '\x01ai:1;\x01bR:1;'],
}

/** The inputs as values, or as sessions of a format. */
export function examples(format?: string): Buffer[] {
  return (format === undefined ? VALUES : (SESSIONS[format] ?? [])).map(wire)
}

const sampled = <T>(arbitrary: fc.Arbitrary<T>, write: (value: T) => Uint8Array): Buffer[] =>
  fc.sample(arbitrary, { numRuns: 1000, seed: 3 }).map((value) => Buffer.from(write(value)))

/** A thousand payloads each that were written here: shared objects and references are common in them. */
export const payloads: {
  readonly values: readonly Buffer[]
  readonly sessions: Readonly<Record<string, readonly Buffer[]>>
} = {
  values: sampled(phpValue, (value) => serialize(value)),
  sessions: Object.fromEntries(
    ['php', 'php_binary', 'php_serialize'].map((format) => [
      format,
      sampled(sessionData, (data) => serializerFor(format).encode(data)),
    ]),
  ),
}

const EXACT: Readonly<Record<string, readonly string[]>> = {
  value: [
    'O:1:"A":2:{s:1:"a";R:1;s:1:"b";r:1;}',
    'a:3:{i:0;O:1:"A":0:{}i:1;r:2;i:2;R:2;}',
    'a:1:{i:0;a:1:{i:0;R:2;}}',
    'a:4:{i:0;d:5;i:1;d:0.10000000000000001;i:2;d:-0;i:3;d:1.0E+25;}',
    'a:3:{i:0;C:1:"A":20:{a:2:{i:0;i:1;i:1;N;}}i:1;a:0:{}i:2;R:6;}',
    'O:1:"A":2:{s:1:"5";i:1;i:5;i:2;}',
    'O:1:"A":3:{s:4:"\0*\0a";N;s:4:"\0A\0a";N;s:1:"a";N;}',
  ],
  php: ['b|i:1;7|d:5;a|R:1;', 'a|a:1:{i:0;R:1;}'],
  php_binary: ['\x01bi:1;\x017d:5;\x01aR:1;'],
  php_serialize: ['a:3:{s:1:"b";i:1;i:7;d:5;s:1:"a";R:2;}'],
}

/** Text as PHP writes it, of values or of sessions of a format. */
export function exactExamples(format = 'value'): Buffer[] {
  return (EXACT[format] ?? []).map(wire)
}
