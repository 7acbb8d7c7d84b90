import { describe, expect, it } from 'vitest'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import type { SessionOptions } from '../../src/options/options.js'
import { eventsOf, fixture, stored, type Fixture } from '../helpers/sessions.js'

/** A record that one manager wrote, and the reason for which another one rejects its id. */
async function reasonOf(
  cookieOf: (writer: Fixture) => Promise<string>,
  { writer = {}, reader = {} }: { writer?: SessionOptions; reader?: SessionOptions } = {},
) {
  const store = memoryHandler()
  const over = ({ handlers = [], ...options }: SessionOptions) =>
    fixture({ handlers: [...handlers, store], ...options })
  const cookieHeader = await cookieOf(over(writer))
  const { manager, advance } = over(reader)
  advance(60)
  let rejected: string | undefined
  const events = await eventsOf('sessionz:rejected', async () => {
    const session = await manager.start({ cookieHeader })
    rejected = session.rejected
    await session.abort()
  })
  expect(events.map(({ reason }) => reason)).toEqual(rejected === undefined ? [] : [rejected])
  return rejected
}

const sealed = (): SessionOptions => ({ handlers: [encryptionHandler({ keys: generateKey() })] })
const some = ({ manager }: Fixture) => stored(manager, { n: 1 })

describe('what a visitor sent and led to no session', () => {
  it('is told apart by its reason', async () => {
    const made = async () => `PHPSESSID=${'a'.repeat(32)}`

    expect(await reasonOf(some)).toBeUndefined()
    expect(await reasonOf(made)).toBe('unknown')
    expect(await reasonOf(async () => 'PHPSESSID=..%2Fx')).toBe('malformed')
    expect(await reasonOf(some, { reader: { serializer: 'json' } })).toBe('undecodable')
    expect(await reasonOf(some, { writer: sealed(), reader: sealed() })).toBe('tampered')
    expect(await reasonOf(some, { reader: { gc: { maxLifetime: 59, probability: 0 } } })).toBe(
      'expired',
    )
  })

  it('has expired when the absolute lifetime is over', async () => {
    const lives = { absoluteLifetime: 59 }

    expect(await reasonOf(some, { writer: lives, reader: lives })).toBe('expired')
  })

  it('is nothing where no cookie was sent, and where one of several is good', async () => {
    const several = async (writer: Fixture) => `PHPSESSID=${'a'.repeat(32)}; ${await some(writer)}`

    expect(await reasonOf(async () => '')).toBeUndefined()
    expect(await reasonOf(several)).toBeUndefined()
  })

  it('is told by the reason that says most where several were sent', async () => {
    const several = async (writer: Fixture) => `PHPSESSID=${'a'.repeat(32)}; ${await some(writer)}`

    expect(await reasonOf(several, { reader: { serializer: 'json' } })).toBe('undecodable')
  })

  it('is an unknown id that is adopted without strict mode: nothing was rejected', async () => {
    const made = async () => `PHPSESSID=${'a'.repeat(32)}`

    expect(await reasonOf(made, { reader: { useStrictMode: false } })).toBeUndefined()
  })
})
