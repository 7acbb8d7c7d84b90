/** One session counter in Memcached. */
import { memcachedHandler, type MemcachedClient } from '../../../src/handlers/memcached.js'
import { serveCounter } from './serve-counter.js'

interface MemjsPackage {
  readonly Client: { create(servers: string, options: object): MemcachedClient }
}

const { SERVER = '', MEMJS = '' } = process.env
const { default: memjs } = (await import(MEMJS)) as { default: MemjsPackage }

serveCounter(memcachedHandler({ client: memjs.Client.create(SERVER, { retries: 1 }) }))
