/** The drop-in in several processes over one chain, and visitors who do not wait for their answer. */
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import dropIn, { toExpressStore } from '../../src/adapters/express.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { bundled } from '../helpers/children.js'
import type { Daemon } from '../helpers/daemon.js'
import { lineOf, serveSessions } from '../helpers/express-drop-in.js'
import { until } from '../helpers/processes.js'
import { startRedis } from '../helpers/redis-server.js'
import { startNode, type Served } from '../helpers/servers.js'
import { describeWith } from '../helpers/services.js'

const IOREDIS = pathToFileURL(createRequire(import.meta.url).resolve('ioredis')).href

/** Where the sessions are, for the processes; and how that is cleared away. */
interface Place {
  readonly env: Record<string, string>
  remove(): Promise<void> | void
}

function behaves(create: () => Promise<Place> | Place): void {
  let place: Place
  let nodes: Served[]
  const origin = (index: number) => nodes[index % nodes.length]?.origin as string
  const ask = async (index: number, cookie: string, path = '/count') => {
    const response = await fetch(origin(index) + path, { headers: { cookie } })
    return await response.text()
  }
  const newVisitor = async () => {
    const response = await fetch(origin(0))
    await response.text()
    return response.headers.getSetCookie()[0]?.split(';')[0] as string
  }

  beforeAll(async () => {
    place = await create()
    const script = await bundled('tests/interop/live/express-counter.ts')
    nodes = await Promise.all([startNode(script, place.env), startNode(script, place.env)])
  }, 60_000)

  afterAll(async () => {
    await Promise.all(nodes.map((server) => server.stop()))
    await place.remove()
  })

  it('keeps 100 of 100 parallel increments', async () => {
    const cookie = await newVisitor()

    const counts = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(index, cookie)))

    const numbers = counts.map(Number).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 2))
    expect(await ask(1, cookie)).toBe('102')
  })

  it('gives the session to the next one when a visitor leaves before there is an answer', async () => {
    const cookie = await newVisitor()
    const working = once(nodes[0]?.process.stdout as EventEmitter, 'data')
    const visit = leaving(origin(0), '/silent', cookie)
    await working
    const next = ask(1, cookie)
    visit.destroy()

    expect(await next).toBe('3')
  })

  it('gives the session to the next one when a visitor leaves in the middle of an upload', async () => {
    const cookie = await newVisitor()
    const working = once(nodes[0]?.process.stdout as EventEmitter, 'data')
    const visit = leaving(origin(0), '/upload', cookie, { method: 'POST' })
    visit.write('part')
    expect(String(await working)).toBe('part\n')
    const next = ask(1, cookie)
    visit.destroy()

    expect(await next).toBe('2')
  })

  it('gives the session to the next one when a visitor leaves in the middle of the answer', async () => {
    const cookie = await newVisitor()
    const visit = leaving(origin(0), '/stream', cookie)
    const [answer] = (await once(visit, 'response')) as [http.IncomingMessage]
    await once(answer, 'data')
    const next = ask(1, cookie)
    visit.destroy()

    expect(await next).toBe('3')
  })
}

/** A request whose visitor is going to leave. */
function leaving(origin: string, path: string, cookie: string, options: http.RequestOptions = {}) {
  const request = http.request(origin + path, { headers: { cookie }, agent: false, ...options })
  request.on('error', () => undefined)
  if (options.method === undefined) request.end()
  return request
}

describe('two processes over files', () => {
  behaves(() => {
    const folder = mkdtempSync(join(tmpdir(), 'sessionz-express-'))
    return {
      env: { SAVE_PATH: folder },
      remove: () => rmSync(folder, { recursive: true, force: true }),
    }
  })
})

describeWith('redis-server', 'two processes over one Redis', () => {
  behaves(async () => {
    const daemon: Daemon = await startRedis()
    return { env: { PORT: String(daemon.port), CLIENT: IOREDIS }, remove: () => daemon.stop() }
  })
})

describe('a handler that goes on though its visitor has left', () => {
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['a store without a lock', () => new dropIn.MemoryStore()],
    ['a chain', () => toExpressStore(memoryHandler())],
  ])('loses the session after five seconds, and stores nothing: %s', async (_, make) => {
    const gate = new EventEmitter()
    const options = { store: make(), concurrency: 'exclusive' } as const
    await using server = await serveSessions(dropIn, options, async (request, response) => {
      const n = Number(request.session['n'] ?? 0)
      if (request.url === '/slow') {
        gate.emit('started', response)
        await once(gate, 'go')
      }
      request.session['n'] = n + 1
      response.end(String(n + 1), () => gate.emit('ended'))
    })
    const headers = { cookie: lineOf(await server.ask())?.split(';')[0] }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const started = once(gate, 'started')
    const visit = leaving(`http://127.0.0.1:${server.port}`, '/slow', headers.cookie as string)
    const [response] = (await started) as [http.ServerResponse]
    const left = once(response, 'close')
    visit.destroy()
    await left

    let answered = false
    const next = server.ask({ headers }).finally(() => (answered = true))
    await once(server.server, 'request')
    await vi.advanceTimersByTimeAsync(4900)
    const early = answered
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()

    expect([early, (await next).body]).toEqual([false, '2'])
    gate.emit('go')
    await until(() => response.writableEnded, 'the handler ends its response')
    expect((await server.ask({ headers })).body).toBe('3')
  })
})
