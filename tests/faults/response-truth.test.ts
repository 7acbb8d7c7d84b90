/** T46: each call to storage fails once, in each thing a page may do; no answer tells what is not so. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startSession } from '../../src/adapters/node.js'
import { StoreError } from '../../src/errors.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import type { Session } from '../../src/session.js'
import { asyncHandler, seen, stored } from '../helpers/sessions.js'

const BEFORE = { n: 1, user: 'ada' }

interface Deed {
  readonly act: (session: Session) => unknown
  /** What the page says to the visitor, where it answers 200. */
  readonly after: Record<string, unknown>
  /** Whether the visitor has no cookie yet. */
  readonly first?: boolean
  /** What the visitor may find beside the old and the new data where the answer was a failure. */
  readonly lost?: Record<string, unknown>
}

/** What the visitor may find where the answer was a failure: the old or the new data, whole. */
function allowed({ first, after, lost }: Deed): Record<string, unknown>[] {
  const found = first === true ? [{}] : [BEFORE, after]
  return lost === undefined ? found : [...found, lost]
}

const DEEDS: Readonly<Record<string, Deed>> = {
  'a first visit': { act: (session) => session.set('n', 2), after: { n: 2 }, first: true },
  'a change': { act: (session) => session.set('n', 2), after: { ...BEFORE, n: 2 } },
  'no change': { act: () => undefined, after: BEFORE },
  'the last variable': { act: (session) => session.clear(), after: {} },
  'a log-out': { act: (session) => session.destroy(), after: {} },
  // The old id is dead and nobody could tell the visitor the new one: what `grace` is for.
  'a new id': { act: (session) => session.regenerate(), after: BEFORE, lost: {} },
  'a new id with grace': { act: (session) => session.regenerate({ grace: 5 }), after: BEFORE },
  'a call to another service': {
    act: async (session) => {
      session.set('n', 2)
      await session.suspend(() => undefined)
    },
    after: { ...BEFORE, n: 2 },
  },
}

/** Fails one call of all that pass, counted from zero; `done` says whether it did before or after the store. */
function failingOnce() {
  const fault = { at: Infinity, after: false, calls: 0, hit: '' }
  const pass =
    (operation: string) =>
    async (...args: unknown[]): Promise<never> => {
      const next = args.pop() as (...args: unknown[]) => Promise<never>
      const hit = fault.calls++ === fault.at
      if (hit) fault.hit = operation
      const failure = () => new StoreError('faulty', operation, 'told to fail')
      if (hit && !fault.after) throw failure()
      const answer = await next(...args)
      if (hit) throw failure()
      return answer
    }
  const handler: SessionHandler = defineHandler({
    name: 'faulty',
    open: pass('open'),
    close: pass('close'),
    read: pass('read'),
    write: pass('write'),
    destroy: pass('destroy'),
    updateTimestamp: pass('updateTimestamp'),
    validateId: pass('validateId'),
  })
  return { fault, handler }
}

let server: Server | undefined
afterEach(() => void server?.close())

async function serve({ act }: Deed, options: SessionOptions) {
  const { fault, handler } = failingOnce()
  const handlers = [handler, asyncHandler(), memoryHandler()]
  const breaker = { failures: 1000 }
  const manager = createSessionManager({ handlers, breaker, gc: { probability: 0 }, ...options })
  server = createServer((request, response) => {
    const answer = async () => {
      const session = await startSession(manager, request, response)
      await act(session)
      response.end('done')
    }
    answer().catch(() => response.writeHead(500).end())
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { fault, manager, url: `http://127.0.0.1:${port}/` }
}

describe.each(Object.keys(DEEDS))('%s', (name) => {
  const deed = DEEDS[name] as Deed

  it.each([
    ['exclusive', false],
    ['exclusive', true],
    ['merge', false],
    ['merge', true],
    ['none', false],
    ['none', true],
  ] as const)(
    'answers 200 for what is stored, and nothing is lost where it does not (%s, after the store did it: %s)',
    async (concurrency, after) => {
      const { fault, manager, url } = await serve(deed, { concurrency })
      const told: string[] = []
      for (let at = 0; at < 40; at += 1) {
        const old = deed.first === true ? undefined : await stored(manager, BEFORE)
        Object.assign(fault, { at, after, calls: 0, hit: '' })

        const answer = await fetch(url, old === undefined ? {} : { headers: { cookie: old } })

        fault.at = Infinity
        const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0] as string)
        const kept = cookies.find((cookie) => !cookie.endsWith('deleted')) ?? old ?? 'PHPSESSID='
        const found = await seen(manager, kept)
        if (answer.status === 200) {
          expect([at, fault.hit, found]).toEqual([at, fault.hit, deed.after])
        } else {
          told.push(fault.hit)
          expect([at, fault.hit, allowed(deed)]).toEqual([
            at,
            fault.hit,
            expect.arrayContaining([found]),
          ])
          // A cookie is sent only to remove that of a session which is gone.
          if (cookies.length > 0) {
            expect(cookies).toEqual(['PHPSESSID=deleted'])
            expect(await seen(manager, old ?? '')).toEqual({})
          }
        }
        if (fault.hit === '') break
      }

      expect(fault.hit).toBe('') // every call was reached
      expect(told.length).toBeGreaterThan(0)
    },
  )
})
