/** Private Memcached servers, what their text protocol tells, and their clients. */
import { connect } from 'node:net'
import type { MemcachedClient } from '../../src/stores/memcached.js'
import { startDaemon, type Daemon } from './daemon.js'
import { peer } from './peer.js'
import { freePort } from './servers.js'

/** Starts a Memcached. @param settings Further words of its command line. */
export async function startMemcached(...settings: string[]): Promise<Daemon> {
  const port = await freePort()
  const address = ['-l', '127.0.0.1', '-p', String(port), '-U', '0']
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [] // root it refuses to be
  return startDaemon({ command: 'memcached', args: [...user, ...address, ...settings], port })
}

/** The part of memjs that tests use besides. */
export interface Memjs extends MemcachedClient {
  get(key: string): Promise<{ value: Buffer | null; flags: Buffer | null }>
  set(key: string, value: string | Buffer, options: { expires: number }): Promise<boolean>
  add(key: string, value: string | Buffer, options: { expires: number }): Promise<boolean>
  delete(key: string): Promise<boolean>
  close(): void
}

interface MemjsPackage {
  readonly Client: { create(servers: string, options: object): Memjs }
}

/** A client of memjs, with the settings that the documentation gives. */
export async function memjs(port: number, options: object = {}): Promise<Memjs> {
  const { Client } = await peer<MemjsPackage>('memjs')
  return Client.create(`127.0.0.1:${port}`, { retries: 1, logger: { log() {} }, ...options })
}

/** Sends one line of the text protocol and answers the first line that comes back. */
export function say(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`))
    let received = ''
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      received += chunk
      const end = received.indexOf('\r\n')
      if (end === -1) return
      socket.destroy()
      resolve(received.slice(0, end))
    })
  })
}

/** Seconds until an item expires; -1 for never, `undefined` for none. */
export async function ttlOf(port: number, key: string): Promise<number | undefined> {
  const answer = await say(port, `mg ${key} t`)
  const found = /^HD t(-?\d+)/.exec(answer)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** How often a server was asked for something, by the names that its `stats` has: `cmd_set`. */
export async function statOf(port: number, name: string): Promise<number> {
  const { Client } = await peer<MemjsPackage & { Client: { create(s: string): Stats } }>('memjs')
  const client = Client.create(`127.0.0.1:${port}`)
  try {
    return await new Promise<number>((resolve, reject) => {
      client.stats((error, _server, stats) => {
        if (error) reject(error)
        else resolve(Number(stats?.[name]))
      })
    })
  } finally {
    client.close()
  }
}

interface Stats {
  stats(
    callback: (error: Error | null, server: string, stats: Record<string, string> | null) => void,
  ): void
  close(): void
}
