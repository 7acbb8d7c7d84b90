/** What a session's life promises, over every kind of storing handler. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { HANDLER_KINDS, type HandlerKind, type KindInUse } from '../helpers/handler-kinds.js'
import { describeWith } from '../helpers/services.js'
import { cookieOf, eventsOf, fixture, seen, stored } from '../helpers/sessions.js'

for (const [name, kind] of Object.entries(HANDLER_KINDS)) {
  const tests = () => casesOf(kind)
  if (kind.service === undefined) describe(`a session in ${name}`, tests)
  else describeWith(kind.service, `a session in ${name}`, tests)
}

function casesOf({ start, tells }: HandlerKind): void {
  let kind: KindInUse
  let process: () => SessionHandler[]

  beforeAll(async () => void (kind = await start()), 120_000)
  beforeEach(async () => void (process = await kind.make()))
  afterAll(() => kind.stop())

  const set = (options: Parameters<typeof fixture>[0] = {}) =>
    fixture({ handlers: process(), ...options })

  describe('that was given a new id with a grace period', () => {
    it('is found by the old id for that long, and by nobody with it afterwards', async () => {
      const { manager, advance } = set()
      const old = await stored(manager, { n: 1 })
      const session = await manager.start({ cookieHeader: old })
      await session.regenerate({ grace: 5 })
      const moved = cookieOf(await session.commit())

      advance(5)
      const late = await manager.start({ cookieHeader: old })
      late.data['n'] = 2
      expect(cookieOf(await late.commit())).toBe(moved)
      expect(await seen(manager, moved)).toEqual({ n: 2 })

      advance(1)
      const refused = await manager.start({ cookieHeader: old })
      expect([refused.isNew, refused.rejected]).toEqual([true, 'obsolete'])
      await refused.abort()
      expect(await seen(manager, moved)).toEqual({ n: 2 })
    })

    it('loses no change of requests that were on their way with the old id', async () => {
      const { manager } = set()
      const old = await stored(manager, { count: 0 })
      const first = await manager.start({ cookieHeader: old })
      const waiting = Array.from({ length: 4 }, async () => {
        const session = await manager.start({ cookieHeader: old })
        session.data['count'] = (session.data['count'] as number) + 1
        return cookieOf(await session.commit())
      })
      await first.regenerate({ grace: 5 })
      const moved = cookieOf(await first.commit())

      expect(await Promise.all(waiting)).toEqual([moved, moved, moved, moved])
      expect(await seen(manager, moved)).toEqual({ count: 4 })
    })

    it('follows an id that was replaced twice', async () => {
      const { manager } = set()
      const first = await stored(manager, { n: 1 })
      let last = first
      for (let turn = 0; turn < 2; turn += 1) {
        const session = await manager.start({ cookieHeader: last })
        await session.regenerate({ grace: 5 })
        last = cookieOf(await session.commit())
      }

      expect(await seen(manager, first)).toEqual({ n: 1 })
    })
  })

  it('that is over is absent, and says why where the storage can tell', async () => {
    const { manager, advance } = set({ gc: { maxLifetime: 60, probability: 0 } })
    const cookieHeader = await stored(manager, { n: 1 })
    if (tells) advance(61)
    else await manager.destroy(cookieHeader.slice('PHPSESSID='.length))

    const events = await eventsOf('sessionz:rejected', async () => {
      const session = await manager.start({ cookieHeader })
      expect(session.rejected).toBe(tells ? 'expired' : 'unknown')
      expect(session.data).toEqual({})
      await session.abort()
    })

    expect(events).toEqual([{ name: 'PHPSESSID', reason: tells ? 'expired' : 'unknown' }])
  })

  it('that was never there is unknown', async () => {
    const { manager } = set()

    const session = await manager.start({ cookieHeader: `PHPSESSID=${'f'.repeat(32)}` })

    expect(session.rejected).toBe('unknown')
    await session.abort()
  })

  describe('that is not changed', () => {
    it('is touched once in `touchInterval`', async () => {
      const { manager, advance, taken } = set({ touchInterval: 10 })
      const cookieHeader = await stored(manager, { n: 1 })
      const visit = async () => {
        taken()
        await (await manager.start({ cookieHeader })).commit()
        return taken().filter((call) => call === 'updateTimestamp' || call === 'write')
      }

      advance(9)
      expect(await visit()).toEqual([])
      advance(1)
      expect(await visit()).toEqual(['updateTimestamp'])
      advance(9)
      expect(await visit()).toEqual([])
      advance(2)
      expect(await visit()).toEqual(['updateTimestamp'])
    })

    it('lets the next visitor in when it was not touched', async () => {
      const { manager } = set({ touchInterval: 10 })
      const cookieHeader = await stored(manager, { n: 1 })

      for (let turn = 0; turn < 3; turn += 1) {
        await (await manager.start({ cookieHeader })).commit()
      }

      expect(await seen(manager, cookieHeader)).toEqual({ n: 1 })
    })

    if (tells) {
      it('is not touched either where another process has touched it', async () => {
        const { manager } = set({ touchInterval: 10 })
        const cookieHeader = await stored(manager, { n: 1 })
        const other = set({ touchInterval: 10 })

        await (await other.manager.start({ cookieHeader })).commit()

        expect(other.taken().filter((call) => call === 'updateTimestamp')).toEqual([])
      })
    }
  })

  /** T47: bytes that no session of format `php` is. */
  const SPOILT: Record<string, string> = {
    'a text of another format': '{"n":1}',
    'one that was cut': 'n|i:',
    'a length that is a lie': 'n|s:999999999:"x";',
    'more nesting than is read': `n|${'a:1:{i:0;'.repeat(5000)}N;${'}'.repeat(5000)}`,
    'bytes that are no value': 'n|\x00\x01\x02',
    'a reference to nothing': 'n|R:9;',
    'an object of a class that refuses its data': 'n|O:8:"DateTime":0:{}',
    'something behind the end': 'n|i:1;garbage',
    'a format that is not read': '\x00\x00\x00\x02\x14\x01\x11\x01n\x06\x01',
  }

  describe('whose record is spoilt', () => {
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
    const asIs = (payload: Uint8Array) => ({
      name: 'as-is',
      encode: () => payload,
      decode: () => ({}),
    })

    it.each(Object.keys(SPOILT))(
      'costs one visitor one session, and nobody an error: %s',
      async (what) => {
        const payload = bytes(SPOILT[what] as string)
        const vandal = set({ serializer: asIs(payload), lazyWrite: false })
        const cookieHeader = await stored(vandal.manager, { n: 1 })
        const { manager } = set()

        const events = await eventsOf('sessionz:unreadable', async () => {
          for (let visit = 0; visit < 2; visit += 1) {
            const session = await manager.start({ cookieHeader })
            expect([session.isNew, { ...session.data }]).toEqual([true, {}])
            session.data['n'] = 2
            const renewed = cookieOf(await session.commit())
            expect(renewed).not.toBe(cookieHeader)
            expect(await seen(manager, renewed)).toEqual({ n: 2 })
          }
        })

        expect(events).toHaveLength(2)
        const left = await vandal.manager.start({ cookieHeader }, { readOnly: true })
        expect(left.isNew).toBe(false) // the record stays as it is
        await vandal.manager.destroy(left.id)
        expect(await seen(manager, cookieHeader)).toEqual({})
      },
    )
  })
}
