/** One session counter behind the drop-in for express-session, over a chain that others share. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as work } from 'node:timers/promises'
import session, { toExpressStore } from '../../../src/adapters/express.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { redisHandler } from '../../../src/handlers/redis.js'
import type { IoRedisClient } from '../../../src/stores/redis.js'

const { SAVE_PATH = '', PORT = '', CLIENT = '' } = process.env

async function handler() {
  if (SAVE_PATH !== '') return filesHandler({ savePath: SAVE_PATH })
  const { Redis } = (await import(CLIENT)) as { Redis: new (port: number) => IoRedisClient }
  return redisHandler({ client: new Redis(Number(PORT)) })
}

const middleware = session({
  secret: 'shared',
  resave: false,
  saveUninitialized: true,
  store: toExpressStore(await handler()),
  concurrency: 'exclusive',
  lockWait: 60,
})

interface Counted {
  n?: number
}

/** What a visitor can ask for; `left` is fulfilled when the visitor has gone away. */
async function act(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const counted = (request as unknown as { session: Counted }).session
  const n = counted.n ?? 0
  const left = once(response, 'close')
  if (request.url === '/count') await work(Math.floor(Math.random() * 5))
  if (request.url === '/silent') {
    process.stdout.write('working\n')
    await left
  }
  if (request.url === '/upload') {
    for await (const chunk of request) process.stdout.write(`${String(chunk)}\n`)
  }
  if (request.url === '/stream') {
    response.write('begun')
    await left
  }
  counted.n = n + 1
  response.end(String(counted.n))
}

const server = createServer((request, response) => {
  middleware(request, response, (error) => {
    const fail = (reason: unknown) => response.writeHead(500).end(String(reason))
    if (error) fail(error)
    else act(request, response).catch(fail)
  })
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`ready ${typeof address === 'object' ? address?.port : ''}\n`)
})
