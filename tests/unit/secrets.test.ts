/** T80: whatever is printed, inspected or thrown shows no id, no data and no key. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { filesHandler } from '../../src/handlers/files.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import { temporaryFolder } from '../helpers/folders.js'
import { cookieOf } from '../helpers/sessions.js'

const SECRET = 'the-visitors-secret'
const KEY = generateKey()
const HASH_KEY = 'k'.repeat(40)

/** All that a log, a debugger or a template could make of a value. */
function shown(value: unknown): string {
  const texts = [inspect(value, { depth: 12, showHidden: true, getters: false }), inspect(value)]
  texts.push(JSON.stringify(value) ?? '', `${String(value)}`)
  if (value instanceof Error) texts.push(value.stack ?? '', value.message)
  return texts.join('\n')
}

async function inUse() {
  const savePath = temporaryFolder()
  const handlers = [
    memoryHandler({ maxAge: 60 }),
    encryptionHandler({ keys: KEY }),
    hashedIdHandler({ key: HASH_KEY }),
    cacheHandler({ store: lruCache() }),
    filesHandler({ savePath, lock: 'process' }),
  ]
  const manager = createSessionManager({ handlers, lockWait: 0.01 })
  const first = await manager.start()
  first.set('note', SECRET)
  first.flash.set('message', SECRET)
  const cookieHeader = cookieOf(await first.commit())
  const open = await manager.start({ cookieHeader })
  return { manager, handlers, first, open, cookieHeader }
}

describe('nothing of a session is shown', () => {
  it('by the manager, its handlers and its sessions, in any state', async () => {
    const { manager, handlers, first, open } = await inUse()
    const ended = [first]
    const fresh = await manager.start()
    const renewed = await manager.start()
    renewed.set('note', SECRET)
    await renewed.regenerate()
    await renewed.commit()
    const destroyed = await manager.start({ id: renewed.id })
    const destroyedId = destroyed.id
    await destroyed.destroy()
    ended.push(renewed, destroyed)
    const ids = [first.id, open.id, fresh.id, renewed.id, destroyedId]

    const sessions = [open, fresh, ...ended]
    const text = [manager, ...handlers, ...sessions].map(shown).join('\n') + inspect(open.flash)

    for (const secret of [SECRET, KEY, HASH_KEY, ...ids]) expect(text).not.toContain(secret)
    await open.abort()
    await manager.close()
  })

  it('by errors, whatever they are about', async () => {
    const { manager, open, cookieHeader } = await inUse()
    const failures: Record<string, () => unknown> = {
      ERR_SESSION_LOCK_TIMEOUT: () => manager.start({ cookieHeader }),
      ERR_SESSION_ID: () => manager.start({ id: `${SECRET}/` }),
      ERR_SESSION_DECODE: () => open.decode(Buffer.from(`note|s:9:"${SECRET}`)),
      async ERR_SESSION_ENCODE() {
        open.set('note', SECRET)
        open.set('made', () => SECRET)
        await open.commit()
      },
      ERR_SESSION_STATE: () => open.set('note', SECRET),
      none: () => encryptionHandler({ keys: `${KEY}x` }),
    }

    for (const [code, fail] of Object.entries(failures)) {
      const error = await Promise.resolve()
        .then(fail)
        .catch((thrown: unknown) => thrown)
      expect((error as { code?: string }).code ?? 'none').toBe(code)
      expect(error).toBeInstanceOf(Error)
      for (const secret of [SECRET, KEY, HASH_KEY, open.id]) {
        expect(shown(error)).not.toContain(secret)
      }
    }
    await manager.close()
  })
})

/** T07, T74: what a look at the time would tell is not there to be measured. */
describe('the sources that check secrets', () => {
  const root = fileURLToPath(new URL('../../src/', import.meta.url))
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  /** A MAC that names a key, names a session, or makes a key: nobody compares these. */
  const NAMES = ['crypto/aead.ts', 'crypto/key-ring.ts', 'handlers/hashed-id.ts']

  it('compare each MAC in constant time', () => {
    const making = sources.filter(({ text }) => text.includes('createHmac('))

    const comparing = making.filter(({ path }) => !NAMES.includes(path))
    expect(making.length - comparing.length).toBe(NAMES.length)
    expect(comparing.length).toBeGreaterThan(2)
    for (const { path, text } of comparing)
      expect([path, text]).toEqual([path, expect.stringContaining('timingSafeEqual(')])
  })

  it('take no tag of another length than sixteen bytes', () => {
    const opening = sources.filter(({ text }) => text.includes("'aes-256-gcm'"))

    expect(opening.length).toBeGreaterThan(0)
    for (const { path, text } of opening)
      expect([path, text]).toEqual([path, expect.stringContaining('authTagLength')])
  })
})
