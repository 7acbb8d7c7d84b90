/** Serves one session counter beside PHP: the same paths as counter.php. */
import { createServer } from 'node:http'
import { setTimeout as work } from 'node:timers/promises'
import { createSessionManager, type Session, type SessionHandler } from '../../../src/index.js'

const { LEASE = '30', CONCURRENCY = 'exclusive', SERIALIZER = 'php' } = process.env

async function act(path: string, session: Session): Promise<void> {
  if (path === '/increment') {
    const n = session.data['n'] as number
    await work(2 + Math.floor(Math.random() * 5))
    session.data['n'] = n + 1
  }
  if (path === '/update') session.update('n', (n) => (n as number) + 1)
  if (path === '/hang') await work(60_000)
  if (path === '/logout') await session.destroy()
  if (path === '/visit') session.data['visited'] = true
}

/** Prints `ready <port>` when it listens. */
export function serveCounter(store: SessionHandler): void {
  const manager = createSessionManager({
    handlers: [store],
    serializer: SERIALIZER,
    concurrency: CONCURRENCY as 'exclusive',
    lockWait: 60,
    lockLease: Number(LEASE),
    gc: { probability: 0 },
  })
  const server = createServer((request, response) => {
    void (async () => {
      try {
        const cookieHeader = request.headers.cookie
        await using session = await manager.start({ cookieHeader })
        await act(request.url ?? '/', session)
        for (const [name, value] of await session.commit()) response.appendHeader(name, value)
        response.end(String(session.get('n') ?? 'none'))
      } catch (error) {
        response.writeHead(500).end(String(error))
      }
    })()
  })

  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.stdout.write(`ready ${typeof address === 'object' ? address?.port : ''}\n`)
  })
}
