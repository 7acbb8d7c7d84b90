/** What visitors get while storage fails: never a cookie, never what was not stored. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { sessionMiddleware, startSession } from '../../../src/adapters/node.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager, type SessionManager } from '../../../src/manager.js'
import type { StoreErrorPolicy } from '../../../src/options/options.js'
import { faultyLayer } from '../../helpers/faulty-layer.js'
import { stored } from '../../helpers/sessions.js'

type Answering = (
  manager: SessionManager,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>

const APPLICATIONS: Readonly<Record<string, Answering>> = {
  async startSession(manager, request, response) {
    const session = await startSession(manager, request, response)
    response.end(`n=${String(session.get('n'))}`)
  },
  async middleware(manager, request, response) {
    await sessionMiddleware(manager)(request, response)
    response.end(`n=${String(request.session.get('n'))}`)
  },
}

let server: Server | undefined
afterEach(() => void server?.close())

async function serve(application: Answering, onStoreError: StoreErrorPolicy) {
  const layer = faultyLayer()
  const handlers = [layer.handler, memoryHandler()]
  const manager = createSessionManager({ handlers, onStoreError })
  server = createServer((request, response) => {
    application(manager, request, response).catch((error: unknown) => {
      response.writeHead(503).end(String((error as { code?: unknown }).code))
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const cookie = await stored(manager, { n: 1 })
  const ask = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { cookie } })
    const { status, headers } = answer
    return { status, body: await answer.text(), cookies: headers.getSetCookie() }
  }
  return { layer, ask }
}

describe.each(Object.entries(APPLICATIONS))('%s', (_, application) => {
  it.each<[StoreErrorPolicy, number, string]>([
    ['fail', 503, 'ERR_SESSION_STORE'],
    ['anonymous', 200, 'n=undefined'],
    ['stale', 200, 'n=1'],
  ])('answers by the policy and without a cookie: %s', async (policy, status, body) => {
    const { layer, ask } = await serve(application, policy)
    expect(await ask()).toEqual({ status: 200, body: 'n=1', cookies: [] })
    layer.fault = 'down'

    expect(await ask()).toEqual({ status, body, cookies: [] })

    layer.fault = 'none'
    expect(await ask()).toEqual({ status: 200, body: 'n=1', cookies: [] })
  })

  it('answers 500 without a cookie when the session cannot be stored', async () => {
    const { layer, ask } = await serve(application, 'stale')
    layer.fault = 'down'
    layer.only = ['updateTimestamp']

    expect(await ask()).toEqual({ status: 500, body: 'Internal Server Error\n', cookies: [] })
  })
})
