/**
 * Sealing a session, beside the least that AES-256-GCM takes: a fresh IV, one cipher under a cached
 * key, and IV, ciphertext and tag put together. The encryption handler adds to that a key of its own
 * for each message, the binding to the session and the padding. iron-session, where it is installed,
 * seals the same payload as JSON text.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { bench, describe } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { defineHandler, type Chain, type Payload, type SessionHandler } from '../../src/handler.js'
import { defuseCipher, encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { defuseKey } from '../helpers/defuse.js'

const options = { time: 1000, warmupTime: 200 }
const id = 'a'.repeat(32)
const context = createContext({ id })
const key = createSecretKey(randomBytes(32))

/** Takes what it is given: what remains is the layer above. */
const sink = () => defineHandler({ name: 'sink', write: () => true })
const own = composeChain([encryptionHandler({ keys: generateKey() }), sink()])
const defuse = composeChain([encryptionHandler({ cipher: defuseCipher(defuseKey()) }), sink()])

function bare(payload: Payload): Uint8Array {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  return Buffer.concat([iv, cipher.update(payload), cipher.final(), cipher.getAuthTag()])
}

function bareOpen(sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
}

/** A chain whose store answers with the one record that it was given. */
function holding(layer: SessionHandler, payload: Payload): Chain {
  let record: Payload | undefined
  const store = defineHandler({
    name: 'store',
    read: () => record,
    write: (_, sealed) => ((record = sealed), true),
  })
  const chain = composeChain([layer, store])
  chain.write(id, payload, context)
  return chain
}

type SealData = (data: unknown, options: { password: string; ttl: number }) => Promise<string>

async function ironSeal(): Promise<SealData | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve('iron-session')
    return ((await import(/* @vite-ignore */ entry)) as { sealData: SealData }).sealData
  } catch {
    return undefined
  }
}

const sealData = await ironSeal()
const password = randomBytes(32).toString('hex')

describe.each([200, 4096, 102_400])('sealing %i bytes', (size) => {
  const payload = new Uint8Array(size).fill(0x61)
  const text = 'a'.repeat(size)

  bench('bare createCipheriv', () => void bare(payload), options)
  bench('sessionz', () => void own.write(id, payload, context), options)
  bench("sessionz, Defuse's format", () => void defuse.write(id, payload, context), options)
  bench.skipIf(sealData === undefined)(
    'iron-session',
    async () => void (await sealData?.(text, { password, ttl: 0 })),
    options,
  )
})

describe.each([200, 4096, 102_400])('opening %i bytes', (size) => {
  const payload = new Uint8Array(size).fill(0x61)
  const sealed = bare(payload)
  const opening = holding(encryptionHandler({ keys: generateKey() }), payload)

  bench('bare createDecipheriv', () => void bareOpen(sealed), options)
  bench('sessionz', () => void opening.read(id, context), options)
})
