/**
 * Requests and answers of memcached's binary protocol, as far as sessions need them.
 *
 * A request: 24 bytes of header, then extras, key, value. Bytes of the header: 0 the magic number,
 * 1 the command, 2-3 the length of the key, 4 that of the extras, 8-11 that of all that follows,
 * 12-15 a number that the answer repeats, 16-23 the version (CAS) that the item must have, 0 for any.
 * An answer has the same form, with its status in the bytes 6-7 and the item's version.
 *
 * @module
 * @see https://github.com/memcached/memcached/wiki/BinaryProtocolRevamped
 */

/** The version of an item: another one after each change of its value; a touch keeps it. */
export type Cas = bigint

/** Commands by their number. */
export const OPCODES = {
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  /** A get whose answer repeats the key. */
  get: 0x0c,
  touch: 0x1c,
} as const

export type Command = keyof typeof OPCODES

export interface MemcachedRequest {
  readonly command: Command
  readonly key: string
  /** What the server is to keep. */
  readonly value?: Uint8Array | undefined
  /** As the server takes it: see `expiresIn`. */
  readonly expires?: number | undefined
  /** The version the item must have. @default any */
  readonly cas?: Cas | undefined
}

/** What a client hands out of an answer. */
export interface MemcachedResponse {
  readonly header: {
    readonly magic: number
    readonly opcode: number
    readonly status?: number | undefined
    readonly cas?: Uint8Array | undefined
  }
  readonly key: Uint8Array
  readonly val: Uint8Array
}

/** An answer that is no error. */
export interface MemcachedAnswer {
  readonly status: 'done' | 'absent' | 'exists'
  readonly cas: Cas
  readonly value: Uint8Array
}

const HEADER = 24
const REQUEST = 0x80
const RESPONSE = 0x81
const NOTHING = new Uint8Array(0)

/** @param seq The number that the answer repeats: 32 bits. */
export function encodeRequest(request: MemcachedRequest, seq: number): Buffer {
  const { command, value = NOTHING, cas = 0n } = request
  const key = Buffer.from(request.key, 'latin1')
  const extras = extrasOf(request)
  const body = extras.length + key.length + value.length
  const bytes = Buffer.alloc(HEADER + body)
  bytes.writeUInt8(REQUEST, 0)
  bytes.writeUInt8(OPCODES[command], 1)
  bytes.writeUInt16BE(key.length, 2)
  bytes.writeUInt8(extras.length, 4)
  bytes.writeUInt32BE(body, 8)
  bytes.writeUInt32BE(seq, 12)
  bytes.writeBigUInt64BE(cas, 16)
  bytes.set(extras, HEADER)
  bytes.set(key, HEADER + extras.length)
  bytes.set(value, HEADER + extras.length + key.length)
  return bytes
}

/** How many bytes of extras a command has; the last four are the expiry, flags stay 0 as in PHP. */
const EXTRAS: Readonly<Record<Command, 0 | 4 | 8>> = {
  set: 8,
  add: 8,
  replace: 8,
  delete: 0,
  get: 0,
  touch: 4,
}

function extrasOf({ command, expires = 0 }: MemcachedRequest): Buffer {
  const extras = Buffer.alloc(EXTRAS[command])
  if (extras.length > 0) extras.writeUInt32BE(expires, extras.length - 4)
  return extras
}

/** What the numbers of a status mean. */
const STATUSES: Readonly<Record<number, MemcachedAnswer['status']>> = {
  0: 'done',
  1: 'absent',
  2: 'exists',
  5: 'absent', // "not stored": a replace of nothing, in the words of some servers
}

/** Errors of a server, by the names of their codes. */
const ERRORS: Readonly<Record<number, string>> = {
  0x03: 'TOO_LARGE',
  0x04: 'INVALID_ARGUMENTS',
  0x08: 'AUTHENTICATION',
  0x81: 'UNKNOWN_COMMAND',
  0x82: 'OUT_OF_MEMORY',
  0x83: 'NOT_SUPPORTED',
  0x84: 'INTERNAL_ERROR',
  0x85: 'BUSY',
  0x86: 'TEMPORARY_FAILURE',
}

/**
 * Reads what a client hands out, and checks that it answers this request: a client whose connection
 * broke in the middle of an answer may take the rest of it for another one.
 *
 * @throws {Error} With a `code`, for a status that is an error, and for what is no answer to it.
 */
export function readAnswer(request: MemcachedRequest, response: unknown): MemcachedAnswer {
  const { header, key, val } = response as MemcachedResponse
  const { command } = request
  if (header.magic !== RESPONSE || header.opcode !== OPCODES[command]) throw coded('WRONG_ANSWER')
  const status = STATUSES[header.status ?? 0]
  if (status === undefined) throw coded(ERRORS[header.status ?? 0] ?? 'UNKNOWN_STATUS')
  const cas = casOf(header.cas)
  if (status !== 'done') return { status, cas, value: NOTHING }
  // A server without versions would take each condition for none.
  if (VERSIONED.has(command) && cas === 0n) throw coded('NO_CAS')
  if (command !== 'get') return { status, cas, value: NOTHING }
  if (Buffer.from(key).toString('latin1') !== request.key) throw coded('WRONG_ANSWER')
  return { status, cas, value: new Uint8Array(val) }
}

/** Whose answers tell the version that the item has now. */
const VERSIONED: ReadonlySet<Command> = new Set(['get', 'add', 'replace', 'set'])

function casOf(bytes: Uint8Array | undefined): Cas {
  return bytes === undefined ? 0n : Buffer.from(bytes).readBigUInt64BE(0)
}

function coded(code: string): Error {
  return Object.assign(new Error('memcached'), { code })
}

/** More seconds than this are a point in time for memcached. */
const LONGEST_SPAN = 30 * 86_400
const LATEST = 0xffff_ffff

/**
 * An expiry as the server takes it, which keeps an item for `seconds` and up to one second more: it
 * counts its own ticks, and would else drop some up to a second too early.
 *
 * @param seconds 0 or more; fractions are rounded up. What is kept for no time at all still lives
 *   from one tick to the next.
 */
export function expiresIn(seconds: number, nowMs: number): number {
  const span = Math.max(2, Math.ceil(seconds) + 1)
  return span <= LONGEST_SPAN ? span : Math.min(LATEST, Math.floor(nowMs / 1000) + span)
}
