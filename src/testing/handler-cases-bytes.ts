/**
 * Under which ids records are kept, and that they are kept byte for byte.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { ALPHABET } from '../id/encode.js'
import type { HandlerCheck } from './handler-check.js'
import { bytesOf, idOf, type HandlerProbe } from './handler-probe.js'

const A = idOf('a')

/** No ids at all: what a request may carry in their place. */
const HOSTILE: readonly string[] = [
  '',
  '.',
  '..',
  '../escaped',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'nul\0nul',
  'line\nline',
  '%2e%2e%2f',
  "' OR 1=1 --",
  'séance',
  'se\u0301ance',
  '\ud83d\ude00',
  'x'.repeat(4096),
]

const BINARY: readonly (readonly [name: string, payload: Uint8Array])[] = [
  ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  ['NUL only', new Uint8Array(7)],
  ['invalid UTF-8', Uint8Array.of(0xc3, 0x28, 0xff, 0xfe, 0x80)],
  ['an emoji', new TextEncoder().encode('name|s:4:"\u{1f600}";')],
  ['a __proto__ key', bytesOf('__proto__|a:1:{s:7:"isAdmin";b:1;}')],
]

export const BYTE_CASES: readonly HandlerCheck[] = [
  {
    name: 'ids are compared character by character, in their case and length',
    async check({ insert, read }) {
      const ids = ['abc', 'ABC', 'Abc', 'abc-', 'abc,', ',abc', '-abc'].map((id) =>
        id.padEnd(32, 'x'),
      )
      const known = [...ids, 'x'.repeat(22), 'x'.repeat(23), 'x'.repeat(32)]

      for (const [index, id] of known.entries()) assert.equal(await insert(id, `${index}`), true)

      for (const [index, id] of known.entries()) assert.equal(await read(id), `${index}`)
      assert.equal(await read('x'.repeat(24)), undefined)
    },
  },
  {
    name: 'every character and length of an id is taken',
    async check({ insert, read, longestId }) {
      const lengths = [22, 26, 32, 64, longestId]
      const ids = [...ALPHABET].map((character) => character.repeat(26))
      const known = [...ids, ...lengths.map((length) => `-,${'aZ9'.repeat(86)}`.slice(0, length))]

      for (const id of known) assert.equal(await insert(id, id), true)
      for (const id of known) assert.equal(await read(id), id)
    },
  },
  {
    name: 'what is no id is refused or kept apart',
    async check(probe) {
      await probe.insert(A, 'stays')
      const kept: string[] = []
      for (const id of HOSTILE) if (await takes(probe, id)) kept.push(id)

      for (const id of kept) assert.equal(await probe.read(id), `of ${HOSTILE.indexOf(id)}`)
      assert.equal(await probe.read(A), 'stays')
    },
  },
  {
    name: 'every byte is kept as it is',
    needs: ['binary'],
    async check({ chain, context }) {
      for (const [index, [name, payload]] of BINARY.entries()) {
        const id = idOf(`binary${index}`)
        await chain.write(id, payload, context({ isNew: true }))
        assertSame(await chain.read(id, context({ lock: 'none' })), payload, name)
      }
    },
  },
  {
    name: 'a payload of no bytes is a payload',
    needs: ['empty'],
    async check({ insert, read, write }) {
      await insert(A, 'something')
      assert.equal(await write(A, ''), true)
      assert.equal(await read(A), '')
    },
  },
  {
    name: 'a payload of 1 MB is a payload',
    async check({ insert, read }) {
      const text = 'abcdefgh'.repeat(128 * 1024)
      assert.equal(await insert(A, text), true)
      assert.ok((await read(A)) === text, 'the payload changed')
    },
  },
  {
    name: 'what is done to a payload that was read reaches no other reader',
    async check({ insert, read, chain, context }) {
      await insert(A, 'data')
      const payload = await chain.read(A, context({ lock: 'none' }))
      payload?.fill(0)

      assert.equal(await read(A), 'data')
    },
  },
]

/** Whether the store keeps a record under what is no id. Refusing it is as good. */
async function takes({ chain, context, read }: HandlerProbe, id: string): Promise<boolean> {
  try {
    const payload = bytesOf(`of ${HOSTILE.indexOf(id)}`)
    const written = await chain.write(id, payload, context({ isNew: true }))
    assert.equal((await read(id)) !== undefined, written)
    return written
  } catch (error) {
    assert.match(`${(error as { code?: unknown }).code}`, /^ERR_SESSION_/)
    return false
  }
}

function assertSame(actual: Uint8Array | undefined, expected: Uint8Array, name: string): void {
  assert.ok(actual !== undefined, `${name}: absent`)
  assert.equal(Buffer.compare(actual, expected), 0, `${name}: changed`)
}
