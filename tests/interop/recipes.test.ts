/** The servers of the how-tos, as they stand there, on the real frameworks. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { bundle } from '../helpers/bundle.js'
import { blocksOf } from '../helpers/markdown.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Reply {
  readonly body: string
  /** The cookie as the visitor's browser holds it now. */
  readonly cookie: string
}

type Ask = (path: string, method: string, cookie: string) => Promise<Reply>

/** A visitor with a browser's jar for one cookie. */
function visitor(ask: Ask) {
  let cookie = ''
  return {
    cookie: () => cookie,
    async visit(path: string, method = 'GET'): Promise<string> {
      const reply = await ask(path, method, cookie)
      cookie = reply.cookie
      return reply.body
    },
  }
}

/** What a browser makes of the `Set-Cookie` lines of an answer. */
function kept(before: string, lines: readonly string[]): string {
  return lines.reduce((_, line) => {
    const [pair = ''] = line.split(';')
    return /max-age=0|expires=Thu, 01.Jan.1970/i.test(line) ? '' : pair
  }, before)
}

const fetchFrom = (origin: string, send: (request: Request) => Promise<Response>): Ask =>
  async function ask(path, method, cookie) {
    const headers: Record<string, string> = cookie === '' ? {} : { cookie }
    const response = await send(new Request(`${origin}${path}`, { method, headers }))
    return { body: await response.text(), cookie: kept(cookie, response.headers.getSetCookie()) }
  }

function overHttp2(port: number): Ask {
  return async (path, method, cookie) => {
    const client = connectHttp2(`http://127.0.0.1:${port}`)
    try {
      const stream = client.request({ ':path': path, ':method': method, ...(cookie && { cookie }) })
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      let body = ''
      for await (const chunk of stream.setEncoding('utf8')) body += chunk as string
      return { body, cookie: kept(cookie, [headers['set-cookie'] ?? []].flat() as string[]) }
    } finally {
      client.close()
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Connects until somebody listens, for ten seconds at the most. */
async function listening(port: number, child: ChildProcess, errors: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the recipe ended: ${errors()}`)
    const socket = createConnection(port, '127.0.0.1')
    const [open] = (await Promise.race([
      once(socket, 'connect').then(() => [true]),
      new Promise((resolve) => socket.once('error', () => resolve([false]))),
    ])) as [boolean]
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the recipe does not listen')
}

const folder = mkdtempSync(join(tmpdir(), 'sessionz-recipes-'))
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null) continue
    child.kill()
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

/** The block of a page as a module. */
async function moduleOf(page: string, importing: string): Promise<string> {
  const blocks = blocksOf(readFileSync(`${ROOT}docs/how-to/${page}`, 'utf8'))
  const block = blocks.find(({ marks, text }) => marks.has('recipe') && text.includes(importing))
  const file = join(folder, `${page}-${importing.replaceAll(/\W/g, '')}.mjs`)
  await bundle(block?.text ?? 'throw new Error("no such recipe")', file)
  return file
}

async function startRecipe(page: string, importing: string): Promise<number> {
  const port = await freePort()
  const child = spawn(process.execPath, [await moduleOf(page, importing)], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text))
  await listening(port, child, () => errors)
  return port
}

/** What every recipe does. */
function cases(askOf: () => Ask): void {
  it('counts the visits of each visitor', async () => {
    const [ada, bob] = [visitor(askOf()), visitor(askOf())]

    expect([await ada.visit('/'), await ada.visit('/')]).toEqual(['nobody 1', 'nobody 2'])
    expect(await bob.visit('/')).toBe('nobody 1')
    expect(ada.cookie()).toMatch(/^PHPSESSID=[0-9a-v]+$/)
  })

  it('logs in under a new id, and the old one is worth nothing', async () => {
    const ada = visitor(askOf())
    await ada.visit('/')
    const old = ada.cookie()
    await ada.visit('/login', 'POST')
    const stranger = await askOf()('/', 'GET', old)

    expect(ada.cookie()).not.toBe(old)
    expect(await ada.visit('/')).toMatch(/^ada [23]$/)
    expect(stranger.body).toBe('nobody 1')
  })

  it('logs out: the session and its cookie are gone', async () => {
    const ada = visitor(askOf())
    await ada.visit('/login', 'POST')
    const old = ada.cookie()

    expect(await ada.visit('/logout', 'POST')).toBe('bye')
    expect(ada.cookie()).toBe('')
    expect((await askOf()('/', 'GET', old)).body).toBe('nobody 1')
  })

  it('loses nothing of 100 requests at once', async () => {
    const ada = visitor(askOf())
    await ada.visit('/')
    const cookie = ada.cookie()
    const bodies = await Promise.all(
      Array.from({ length: 100 }, async () => (await askOf()('/', 'GET', cookie)).body),
    )

    expect(new Set(bodies).size).toBe(100)
    expect(await ada.visit('/')).toBe('nobody 102')
  })
}

describe.each([
  ['node:http', 'use-with-node-http-express.md', 'startSession'],
  ['Connect', 'use-with-node-http-express.md', "from 'connect'"],
  ['Express', 'use-with-node-http-express.md', "from 'express'"],
  ['HTTP/2', 'use-with-http2.md', 'node:http2'],
  ['Fastify', 'use-with-fastify.md', 'fastify'],
  ['Koa', 'use-with-koa.md', 'koa'],
  ['Hono on Node', 'use-with-hono.md', '@hono/node-server'],
  ['h3', 'use-with-h3.md', 'h3'],
  ['ws', 'use-with-websockets.md', 'ws'],
])('the recipe for %s', (what, page, importing) => {
  let ask: Ask
  let port: number
  beforeAll(async () => {
    port = await startRecipe(page, importing)
    ask = what === 'HTTP/2' ? overHttp2(port) : fetchFrom(`http://127.0.0.1:${port}`, fetch)
  }, 60_000)

  cases(() => ask)

  if (what !== 'ws') return

  it('answers sockets of who is logged in, 100 messages at once', async () => {
    const ada = visitor(ask)
    await ada.visit('/login', 'POST')
    const refused = new WebSocket(`ws://127.0.0.1:${port}`)
    const [error] = (await once(refused, 'error')) as [Error]
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { cookie: ada.cookie() } })
    await once(socket, 'open')
    const answers = new Promise<string[]>((resolve) => {
      const seen: string[] = []
      socket.on('message', (text) => {
        seen.push(String(text))
        if (seen.length === 100) resolve(seen)
      })
    })
    for (let sent = 0; sent < 100; sent += 1) socket.send('more')

    expect(error.message).toContain('401')
    expect(new Set(await answers).size).toBe(100)
    expect(await ada.visit('/')).toBe('ada 102')
    socket.close()
  })
})

describe.each([
  ['Next-style handlers', 'use-with-next.md', 'withSession'],
  ['Hono by its fetch', 'use-with-hono.md', '@hono/node-server'],
])('the recipe for %s', (_, page, importing) => {
  let ask: Ask
  beforeAll(async () => {
    process.env['PORT'] = String(await freePort())
    const file = await moduleOf(page, importing)
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    const app = module['app'] as { fetch(request: Request): Promise<Response> } | undefined
    const route = (request: Request) =>
      (module[request.method] as (request: Request) => Promise<Response>)(request)
    ask = fetchFrom('http://shop.test', app === undefined ? route : (request) => app.fetch(request))
  }, 60_000)

  cases(() => ask)
})
