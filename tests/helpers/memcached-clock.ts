/**
 * A clock for Memcached, whose own cannot be set: a client that notes the end of each item by this
 * clock, and removes what is over when the clock is moved on.
 */
import type { MemcachedClient } from '../../src/stores/memcached.js'
import type { Memjs } from './memcached-server.js'

const DELETE = 0x04
const SPAN = 30 * 86_400

export interface MemcachedClock {
  readonly now: () => number
  advance(seconds: number): Promise<void>
  /** The client, under this clock. */
  clocked(client: Memjs): MemcachedClient
}

export function memcachedClock(remover: Memjs): MemcachedClock {
  /** When an item ends, in seconds since the epoch. */
  const ends = new Map<string, number>()
  let nowMs = Date.now()

  const note = (key: string, request: Buffer) => {
    const extras = request.readUInt8(4)
    if (request.readUInt8(1) === DELETE) ends.delete(key)
    if (extras === 0) return
    const expires = request.readUInt32BE(24 + extras - 4)
    ends.set(key, expires > SPAN ? expires : Math.floor(nowMs / 1000) + expires)
  }

  return {
    now: () => nowMs,
    async advance(seconds) {
      nowMs += seconds * 1000
      for (const [key, end] of ends) {
        if (end * 1000 > nowMs) continue
        ends.delete(key)
        await remover.delete(key)
      }
    },
    clocked: (client) => ({
      get seq() {
        return client.seq
      },
      incrSeq: () => client.incrSeq(),
      server: (key) => client.server(key),
      perform(key, request, seq, callback, retries) {
        const noting: typeof callback = (error, response) => {
          const { status } = (response as { header?: { status: number } })?.header ?? {}
          if (!error && status === 0) note(key, request)
          callback(error, response)
        }
        client.perform(key, request, seq, noting, retries)
      },
    }),
  }
}
