/**
 * Memcached, over a client of the application: `memjs`.
 *
 * The commands of that client know no versions of items; its `perform` sends any request, so each
 * condition here is checked by the server.
 *
 * @module
 */
import { assertFunction, assertInteger, assertNumber, assertString } from '../lib/check.js'
import { storeCall } from '../lib/store-call.js'
import {
  encodeRequest,
  readAnswer,
  type Cas,
  type MemcachedAnswer,
  type MemcachedRequest,
} from './memcached-protocol.js'

export { expiresIn, type Cas } from './memcached-protocol.js'

/** The part of `memjs` that is called. It is never closed here. */
export interface MemcachedClient {
  /** The number of the last request. */
  readonly seq: number
  incrSeq(): void
  /** The server of a key. */
  server(key: string): object | null | undefined
  perform(
    key: string,
    request: Buffer,
    seq: number,
    callback: (error: Error | null, response?: unknown) => void,
    retries?: number,
  ): void
}

/** What is kept under a key, and its version. */
export interface MemcachedItem {
  readonly value: Uint8Array
  readonly cas: Cas
}

/** What became of a value: the version it has now, or what stood against it. */
export type Stored = Cas | 'absent' | 'exists'

/** How a value is put: until when, and over which version only. */
export interface Placing {
  /** As `expiresIn` answers it. */
  readonly expires: number
  /** The version to put it over. */
  readonly cas: Cas
}

/**
 * What is asked of a Memcached. Each call ends: in an answer or a `StoreError`. Another client can be
 * adapted to it.
 */
export interface MemcachedCommands {
  get(key: string): Promise<MemcachedItem | undefined>
  /** Puts a value where there is none, else answers `exists`. */
  add(key: string, value: Uint8Array, expires: number): Promise<Stored>
  /** Puts a value over any other, else answers `absent`. */
  replace(key: string, value: Uint8Array, expires: number): Promise<Stored>
  /** Puts a value over that of a version, else answers `absent`, or `exists` for another version. */
  swap(key: string, value: Uint8Array, placing: Placing): Promise<Stored>
  /** Puts a value, whatever is there. */
  set(key: string, value: Uint8Array, expires: number): Promise<void>
  /** Sets the expiry of what is there; the version stays. @returns Whether there was something. */
  touch(key: string, expires: number): Promise<boolean>
  /** Removes what is there, of this version only where one is given. */
  delete(key: string, cas?: Cas): Promise<'done' | 'absent' | 'exists'>
}

/** Of a key, in bytes. */
export const LONGEST_KEY = 250
const LARGEST_ITEM = 1024 ** 3

/** What every user of a Memcached lets its application choose. */
export interface MemcachedSettings {
  readonly prefix: string
  readonly timeout: number
  readonly maxItemBytes: number
}

/** What a server takes by default: 1 MiB, less the longest key and its bookkeeping (1.6.18: 310). */
export const MAX_ITEM_BYTES = 1_048_000

/** @throws {TypeError | RangeError} Naming the option that is out of range. */
export function assertSettings({ prefix, timeout, maxItemBytes }: MemcachedSettings): void {
  assertString('prefix', prefix)
  if (!/^[!-~]{0,200}$/.test(prefix)) {
    throw new RangeError('"prefix" must be 0 to 200 visible ASCII characters')
  }
  assertNumber('timeout', timeout, 0.001, 86_400)
  assertInteger('maxItemBytes', maxItemBytes, 1, LARGEST_ITEM)
}

export interface CommandOptions {
  /** Who speaks in errors. */
  readonly handler: string
  readonly timeoutMs: number
}

/** @throws {TypeError} For what is no client. */
export function memcachedCommands(
  client: MemcachedClient,
  { handler, timeoutMs }: CommandOptions,
): MemcachedCommands {
  for (const name of ['perform', 'incrSeq', 'server'] as const) {
    assertFunction(`client.${name}`, (client as Partial<MemcachedClient> | undefined)?.[name])
  }
  const call = storeCall(handler, timeoutMs)
  const ask = (request: MemcachedRequest) => call(request.command, () => perform(client, request))
  const store = async (request: MemcachedRequest): Promise<Stored> => {
    const { status, cas } = await ask(request)
    return status === 'done' ? cas : status
  }
  return {
    async get(key) {
      const { status, value, cas } = await ask({ command: 'get', key })
      return status === 'done' ? { value, cas } : undefined
    },
    add: (key, value, expires) => store({ command: 'add', key, value, expires }),
    replace: (key, value, expires) => store({ command: 'replace', key, value, expires }),
    swap: (key, value, placing) => store({ command: 'set', key, value, ...placing }),
    async set(key, value, expires) {
      await ask({ command: 'set', key, value, expires })
    },
    touch: async (key, expires) =>
      (await ask({ command: 'touch', key, expires })).status === 'done',
    delete: async (key, cas) => (await ask({ command: 'delete', key, cas })).status,
  }
}

const ONCE = 1

/**
 * Sends one request, once: a client that sent it again would take its own first try for somebody
 * else's work.
 */
function perform(client: MemcachedClient, request: MemcachedRequest): Promise<MemcachedAnswer> {
  client.incrSeq()
  const seq = client.seq >>> 0 // beyond 31 bits the client's own number is negative
  const server: MemjsServer = client.server(request.key) ?? {}
  if (server.connected === false && server._socket === undefined) dropRest(server)
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, response?: unknown) => {
      if (error) dropRest(server)
      try {
        if (error) throw error
        resolve(readAnswer(request, response))
      } catch (failure) {
        reject(failure as Error)
      }
    }
    client.perform(request.key, encodeRequest(request, seq), seq, answered, ONCE)
  })
}

/** What is looked at of a server of memjs. */
interface MemjsServer {
  readonly connected?: boolean
  readonly _socket?: unknown
  responseBuffer?: Uint8Array
}

/**
 * Forgets the half of an answer that a broken connection left: memjs keeps it, takes what the next
 * connection brings for its other half, and understands nothing from then on.
 */
function dropRest(server: MemjsServer): void {
  if (server.responseBuffer !== undefined) server.responseBuffer = Buffer.alloc(0)
}
