/** A way to a server that can be cut: what its clients see when cables, hosts or processes fail. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface CutProxy {
  readonly port: number
  /** Connections stay, and are taken, but nothing gets through any more. */
  hang(): void
  /** Breaks every connection off; new ones get through. */
  cut(): void
  /** Breaks every connection off once so many bytes more of the server's answers went through. */
  cutAfter(bytes: number): void
  /** After `hang`: everything is as it was, over new connections. */
  mend(): void
  stop(): Promise<void>
}

/** Stands before the server of a port. */
export async function cutProxy(port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>()
  let hanging = false
  let left = Infinity

  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  }
  const cut = () => {
    left = Infinity
    for (const socket of sockets) socket.destroy()
  }
  const answer = (client: Socket, chunk: Buffer) => {
    if (hanging) return
    if (chunk.length < left) {
      left -= chunk.length
      client.write(chunk)
      return
    }
    client.write(chunk.subarray(0, left), cut)
  }

  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    keep(client)
    keep(upstream)
    client.on('data', (chunk) => void (hanging || upstream.write(chunk)))
    upstream.on('data', (chunk: Buffer) => answer(client, chunk))
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    hang: () => void (hanging = true),
    cut,
    cutAfter: (bytes) => void (left = bytes),
    mend() {
      hanging = false
      cut()
    },
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
