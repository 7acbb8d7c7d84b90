/** Redis killed or hung under load, behind a real HTTP server: THREATS T45, each policy. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startSession } from '../../src/adapters/node.js'
import type { SessionEvents } from '../../src/events.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { StoreErrorPolicy } from '../../src/options/options.js'
import type { Daemon } from '../helpers/daemon.js'
import { until } from '../helpers/processes.js'
import { ioRedisClient, nodeRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'
import { eventsOf } from '../helpers/sessions.js'

/** Redis is tried once a second: three times, or for ten seconds with `SESSIONZ_LONG=1`. */
const TRIES = process.env['SESSIONZ_LONG'] === '1' ? 10 : 3
const LANES = 12
const DEADLINE_MS = 1000

/** How Redis goes away, and how it comes back. */
const OUTAGES = {
  'killed, and started empty': {
    keeps: false,
    async begin(daemon: Daemon) {
      await daemon.halt('SIGKILL')
      return () => daemon.start()
    },
  },
  'hung, with its connections open': {
    keeps: true,
    begin: async (daemon: Daemon) => {
      const resume = daemon.pause()
      return async () => resume()
    },
  },
} as const

const CLIENTS = {
  ioredis: (port: number) => ioRedisClient(port, { autoResendUnfulfilledCommands: false }),
  'node-redis': nodeRedisClient,
} as const

interface Answer {
  readonly status: number
  readonly body: string
  readonly cookies: readonly string[]
  readonly tookMs: number
}

type Ask = (cookie: string) => Promise<Answer>

/** What a request was told of the store, whatever the time was. */
const asked = new AsyncLocalStorage<{ failures: number }>()

/** Counts visits; a substitute is shown as what it is. */
function serve(manager: SessionManager, requests: { failures: number }[]): Server {
  return createServer((request, response) => {
    const told = { failures: 0 }
    requests.push(told)
    void asked.run(told, async () => {
      try {
        const session = await startSession(manager, request, response, {
          onCommitError: (_, __, failed) => void failed.writeHead(503).end('failed'),
        })
        if (session.degraded !== undefined) {
          response.end(`${session.degraded} ${String(session.get('n'))}`)
          return
        }
        session.set('n', ((session.get('n') as number | undefined) ?? 0) + 1)
        response.end(`counted ${String(session.get('n'))}`)
      } catch (error) {
        response.writeHead(503).end(String((error as { code?: unknown }).code))
      }
    })
  })
}

async function listening(server: Server): Promise<Ask> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return (cookie) =>
    new Promise((resolve, reject) => {
      const started = performance.now()
      const asking = request({ host: '127.0.0.1', port, headers: { cookie } }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
        response.on('end', () =>
          resolve({
            body,
            status: response.statusCode ?? 0,
            cookies: response.headers['set-cookie'] ?? [],
            tookMs: performance.now() - started,
          }),
        )
      })
      asking.on('error', reject).end()
    })
}

/** One visitor who asks again and again. */
interface Visitor {
  cookie: string
  counted: number
  failed: number
}

/** Visitors at once, each one request after the other, until they are told to end. */
function load(ask: Ask, visitors: readonly Visitor[], note: (answer: Answer) => void) {
  let running = true
  const lanes = visitors.map(async (visitor) => {
    while (running) {
      const answer = await ask(visitor.cookie)
      note(answer)
      if (answer.body.startsWith('counted')) visitor.counted += 1
      else visitor.failed += 1
      const [cookie] = answer.cookies
      if (cookie !== undefined) visitor.cookie = cookie.split(';')[0] ?? ''
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  return async () => {
    running = false
    await Promise.all(lanes)
  }
}

async function newVisitor(ask: Ask): Promise<Visitor> {
  const { cookies } = await ask('')
  return { cookie: cookies[0]?.split(';')[0] ?? '', counted: 1, failed: 0 }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const SUBSTITUTE: Readonly<Record<StoreErrorPolicy, RegExp>> = {
  fail: /^(ERR_SESSION_STORE|failed)$/,
  anonymous: /^(anonymous undefined|failed)$/,
  // A request whose write was cut off leaves no copy: its visitor meets the error.
  stale: /^(stale \d+|ERR_SESSION_STORE|failed)$/,
}

const CASES = (['fail', 'anonymous', 'stale'] as const).flatMap((policy) =>
  (Object.keys(OUTAGES) as (keyof typeof OUTAGES)[]).flatMap((outage) =>
    (Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])
      .filter((client) => client === 'ioredis' || policy === 'fail')
      .map((client) => [policy, client, outage] as const),
  ),
)

describeWith('redis-server', 'Redis away under load', () => {
  let daemon: Daemon
  let connection: TestClient
  let server: Server
  /** What has to be undone, also when a test fails in the middle. */
  const undo: (() => Promise<void>)[] = []

  beforeAll(async () => void (daemon = await startRedis()))
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
    server.closeAllConnections()
    server.close()
    await connection.end()
  })
  afterAll(() => daemon.stop())

  it.each(CASES)('%s, over %s: %s', { timeout: 90_000 }, async (policy, client, outage) => {
    const { begin, keeps } = OUTAGES[outage]
    connection = await CLIENTS[client](daemon.port)
    const store = redisHandler({ client: connection.client })
    const manager = createSessionManager({ handlers: [store], onStoreError: policy })
    const requests: { failures: number }[] = []
    server = serve(manager, requests)
    const ask = await listening(server)
    const visitors = await Promise.all(Array.from({ length: LANES }, () => newVisitor(ask)))
    const answers: Answer[] = []
    const stopLoad = load(ask, visitors, (answer) => void answers.push(answer))
    undo.push(stopLoad)
    await until(() => answers.length > 5 * LANES, 'some visits')

    const states = await eventsOf('sessionz:breaker', async () => {
      const { during, stoppedMs } = await away()
      checkOutage(during, policy, stoppedMs)
      await undo.pop()?.()
      await untilUp(manager)
    })

    // Whatever the clock says: nobody waits for storage twice.
    const most = Math.max(...requests.map(({ failures }) => failures))
    expect(most).toBe(1)

    // Back without a restart: everybody is counted again.
    const before = visitors.map(({ counted }) => counted)
    const again = () => visitors.every(({ counted }, index) => counted > (before[index] ?? 0) + 3)
    await until(again, 'everybody counted again', 30_000)
    await stopLoad()

    expect(states[0]).toMatchObject({ state: 'open' })
    expect(states.at(-1)).toMatchObject({ state: 'closed' })
    expect(await manager.health()).toMatchObject({ breaker: 'closed' })
    for (const { cookie, counted, failed } of keeps ? visitors : []) {
      const n = Number(/\d+/.exec((await ask(cookie)).body)?.[0]) - 1
      expect(n).toBeGreaterThanOrEqual(counted)
      expect(n).toBeLessThanOrEqual(counted + failed)
    }
    await manager.close()

    /** Takes Redis away until everybody has met it, and it was tried again and again in vain. */
    async function away() {
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      answers.splice(0)
      undo.push(await begin(daemon))
      let tries = 0
      const fail = () => {
        const told = asked.getStore()
        if (told !== undefined) told.failures += 1
      }
      const count = (message: unknown) => {
        if ((message as SessionEvents['sessionz:breaker']).state === 'half-open') tries += 1
      }
      subscribe('sessionz:breaker', count)
      subscribe('sessionz:store-error', fail)
      try {
        await until(() => tries >= TRIES && answers.length > 20 * LANES, 'tries in vain', 40_000)
        expect(await manager.health()).toMatchObject({ status: 'down' })
      } finally {
        unsubscribe('sessionz:breaker', count)
        unsubscribe('sessionz:store-error', fail)
        delay.disable()
      }
      return { during: answers.splice(0), stoppedMs: delay.max / 1e6 }
    }
  })
})

async function untilUp(manager: SessionManager): Promise<void> {
  const started = performance.now()
  while ((await manager.health()).status === 'down') {
    expect(performance.now() - started).toBeLessThan(20_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** @param stoppedMs How long this process itself stood still at the most. */
function checkOutage(answers: readonly Answer[], policy: StoreErrorPolicy, stoppedMs: number) {
  const took = answers.map(({ tookMs }) => tookMs)
  const others = answers.filter(({ body }) => !SUBSTITUTE[policy].test(body))
  // The last ones of before, which were on their way when Redis went.
  expect(others.filter(({ body }) => !body.startsWith('counted'))).toEqual([])
  expect(others.length).toBeLessThanOrEqual(2 * LANES)
  expect(answers.flatMap(({ cookies }) => cookies)).toEqual([])
  // One deadline, not two, and paid by those who were first and those who try, not by everybody.
  expect(quantile(took, 0.99)).toBeLessThanOrEqual(DEADLINE_MS + 100 + stoppedMs)
  expect(Math.max(...took)).toBeLessThan(2 * (DEADLINE_MS + stoppedMs))
  const slow = took.filter((ms) => ms > DEADLINE_MS / 2 + stoppedMs)
  expect(slow.length).toBeLessThanOrEqual(3 * LANES)
}
