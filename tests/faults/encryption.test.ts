/** What encryption promises about many: records, keys, rows that change places. */
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { aeadCipher } from '../../src/crypto/aead.js'
import { createKeyRing, generateKey } from '../../src/crypto/key-ring.js'
import { DecryptError } from '../../src/errors.js'
import { defineHandler, type Payload } from '../../src/handler.js'
import { encryptionHandler } from '../../src/handlers/encryption.js'

/** `SESSIONZ_LONG=1` runs the whole numbers: a minute more. */
const long = process.env['SESSIONZ_LONG'] === '1'
const SEALS = long ? 1_000_000 : 200_000
const SESSIONS = long ? 100_000 : 10_000

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** Rows that lie open. */
function openRows() {
  const rows = new Map<string, Payload>()
  const handler = defineHandler({
    name: 'rows',
    read: (id) => rows.get(id),
    write: (id, payload, { isNew }) => rows.has(id) !== isNew && rows.set(id, payload) === rows,
    updateTimestamp: (id) => rows.has(id),
  })
  return { rows, handler }
}

describe('many records', () => {
  it(`are sealed under as many salts and IVs: ${SEALS}`, () => {
    const { seal } = aeadCipher(createKeyRing([generateKey()]), 32)
    const heads = new BigUint64Array(SEALS)
    const payload = new Uint8Array(1)
    for (let n = 0; n < SEALS; n += 1) {
      const sealed = seal(payload, 'id', 'name')
      const view = new DataView(sealed.buffer)
      heads[n] = view.getBigUint64(12) // of the salt; where the whole repeats, this does
    }
    heads.sort()

    let repeated = 0
    for (let n = 1; n < SEALS; n += 1) if (heads[n] === heads[n - 1]) repeated += 1
    expect(repeated).toBe(0)
  }, 180_000)
})

describe('rotation', () => {
  it(`over three keys loses none of ${SESSIONS} sessions, and a retired key opens none`, () => {
    const keys = Array.from({ length: 4 }, generateKey)
    const { rows, handler } = openRows()
    const chainOf = (...ring: (string | undefined)[]) =>
      composeChain([encryptionHandler({ keys: ring.filter((key) => key !== undefined) }), handler])
    const idOf = (n: number) => `${n}`.padStart(32, '0')
    const first = chainOf(keys[0])
    for (let n = 0; n < SESSIONS; n += 1) {
      first.write(idOf(n), bytes(`n|i:${n};`), createContext({ id: idOf(n), isNew: true }))
    }

    for (let turn = 1; turn < keys.length; turn += 1) {
      const chain = chainOf(keys[turn], keys[turn - 1])
      let lost = 0
      for (let n = 0; n < SESSIONS; n += 1) {
        const id = idOf(n)
        const context = createContext({ id })
        const payload = chain.read(id, context) as Payload | undefined
        const intact = payload !== undefined && Buffer.from(payload).toString() === `n|i:${n};`
        if (!intact || chain.updateTimestamp(id, payload, context) !== true) lost += 1
      }
      expect(lost).toBe(0)
    }

    const [current, retired] = [chainOf(keys[3]), chainOf(...keys.slice(0, 3))]
    let opened = 0
    for (const id of rows.keys()) {
      const context = createContext({ id })
      if (current.read(id, context) === undefined) throw new Error('lost')
      try {
        retired.read(id, context)
        opened += 1
      } catch (error) {
        if (!(error instanceof DecryptError)) throw error
      }
    }
    expect(opened).toBe(0)
  }, 180_000)
})

describe('rows that change places', () => {
  it('open for no other session, and under no other cookie’s name', () => {
    const { rows, handler } = openRows()
    const chain = composeChain([encryptionHandler({ keys: generateKey() }), handler])
    const names = ['PHPSESSID', 'sid', 'SID', 'shop']
    const keyOf = (name: string, n: number) => `${name}-${n}`.padEnd(32, 'x')
    const places = names.flatMap((name) => Array.from({ length: 25 }, (_, n) => ({ name, n })))
    for (const { name, n } of places) {
      const id = keyOf('session', n)
      rows.delete(id)
      chain.write(id, bytes(`${name} ${n}`), createContext({ id, name, isNew: true }))
      rows.set(keyOf(name, n), rows.get(id) as Payload)
    }
    let accepted = 0
    let own = 0
    for (const here of places) {
      for (const there of places) {
        const id = keyOf('session', here.n)
        rows.set(id, rows.get(keyOf(there.name, there.n)) as Payload)
        try {
          chain.read(id, createContext({ id, name: here.name }))
          if (here === there) own += 1
          else accepted += 1
        } catch (error) {
          if (!(error instanceof DecryptError)) throw error
        }
      }
    }

    expect([accepted, own]).toEqual([0, places.length])
  }, 60_000)

  it('of one session are as many as were written: an older one of it opens', () => {
    // Not promised otherwise: who can put an old row back could also restore a backup.
    const { rows, handler } = openRows()
    const chain = composeChain([encryptionHandler({ keys: generateKey() }), handler])
    const id = 'a'.repeat(32)
    chain.write(id, bytes('old'), createContext({ id, isNew: true }))
    const older = rows.get(id) as Payload
    chain.write(id, bytes('new'), createContext({ id }))
    rows.set(id, older)

    expect(Buffer.from(chain.read(id, createContext({ id })) as Payload).toString()).toBe('old')
  })
})
