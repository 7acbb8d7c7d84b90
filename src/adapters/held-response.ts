/**
 * A response whose headers wait until the session has settled.
 *
 * Where settling takes time, what the application does to the response meanwhile is kept in order
 * and done afterwards; until then the response looks as it would without: headers sent, ended, too
 * full to write. What Node would throw is thrown at once. Where settling takes no time, nothing is
 * kept.
 *
 * @module
 */
import { StateError } from '../errors.js'
import type { MaybePromise } from '../handler.js'
import type { HeaderList } from '../http/headers.js'
import { isPromise } from '../lib/flow.js'
import {
  announceHead,
  assertSendable,
  callbackOf,
  headersArgument,
  isChunk,
  refuseChunk,
  refuseHeaders,
  withHeaders,
  type AnyResponse,
  type Method,
} from './node-response.js'
import { pretend, type Pretence } from './pretence.js'
import { addHeaders } from './response-headers.js'

/** What a held response asks of whoever holds it. */
export interface Holder<Owner> {
  /**
   * Ends the session, before the first header leaves; called again only after `undefined`.
   *
   * @returns Headers to add; `undefined` when there is no session (yet).
   */
  settle(owner: Owner): MaybePromise<HeaderList> | undefined
  /** Answers instead of the application when that failed: ends the response, never throws. */
  answer(owner: Owner, error: unknown): void
}

type Operation = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/**
 * What is known of a held response.
 *
 * A class, though it is nothing but a record: V8 makes literals old at once where many of them
 * survived, and an old one keeps the whole request alive until the next full collection (a fifth
 * of all that was allocated; tests/bench/http.bench.ts).
 */
class Held<Owner = unknown> {
  /**
   * - `untouched`: nothing was to be sent yet
   * - `held`: the session is settling
   * - `open`: it has settled
   * - `failed`: it could not; the application writes to nobody
   */
  stage: 'untouched' | 'held' | 'open' | 'failed' = 'untouched'
  headers: HeaderList = NONE
  /** What to do when the session has settled. */
  queue: [operation: Operation, args: unknown[]][] | undefined
  pretence: Pretence | undefined
  queuedBytes = 0
  /** Whether a `write` was told to wait for `drain`. */
  full = false
  error: unknown
  /** The methods as they were. */
  readonly writeHead: Method
  readonly write: Method
  readonly end: Method
  readonly flushHeaders: Method

  constructor(
    readonly response: AnyResponse,
    readonly owner: Owner,
    readonly holder: Holder<Owner>,
  ) {
    this.writeHead = response.writeHead
    this.write = response.write
    this.end = response.end
    this.flushHeaders = response.flushHeaders
  }
}

const NONE: HeaderList = []

/**
 * Holds the headers of a response from here on.
 *
 * @param owner Handed to the holder's functions.
 */
export function holdResponse<Owner>(
  response: AnyResponse,
  owner: Owner,
  holder: Holder<Owner>,
): void {
  const held = new Held(response, owner, holder) as Held
  if (response._implicitHeader !== undefined) guardImplicitHeader(held)
  response.writeHead = (...args) => heldWriteHead(held, args)
  response.write = (...args) => heldWrite(held, args)
  response.end = (...args) => heldEnd(held, args)
  response.flushHeaders = (...args) => heldFlushHeaders(held, args)
}

/** Node's own `write`, `end` and `flushHeaders` come here too, so this is where headers are added. */
function heldWriteHead(held: Held, args: unknown[]): unknown {
  const { response, pretence } = held
  const stage = advance(held)
  if (stage === 'failed') return response
  if (stage === 'open') return held.writeHead.apply(response, completed(held, args))
  if (pretence !== undefined) return refuseHeaders(response, 'writeHead', args)
  queue(held, 'writeHead', announceHead(response, args))
  return response
}

function heldWrite(held: Held, args: unknown[]): unknown {
  const { response } = held
  const [chunk] = args
  if (held.stage !== 'open' && !isChunk(chunk)) return refuseChunk(response, chunk)
  const stage = advance(held)
  if (stage === 'open') return held.write.apply(response, args)
  if (stage === 'failed') return ignore(held, args)
  const ended = response.writableEnded
  queue(held, 'write', args)
  held.queuedBytes += (chunk as string | Uint8Array).length
  const accepted = !ended && held.queuedBytes < response.writableHighWaterMark
  held.full ||= !accepted
  return accepted
}

function heldEnd(held: Held, args: unknown[]): unknown {
  const { response } = held
  const [chunk] = args
  const isBody = Boolean(chunk) && typeof chunk !== 'function'
  if (held.stage !== 'open' && isBody && !isChunk(chunk)) return refuseChunk(response, chunk)
  const stage = advance(held)
  if (stage === 'open') return held.end.apply(response, args)
  if (stage === 'failed') ignore(held, args)
  else queue(held, 'end', args).end()
  return response
}

function heldFlushHeaders(held: Held, args: unknown[]): unknown {
  const stage = advance(held)
  if (stage === 'open') return held.flushHeaders.apply(held.response, args)
  if (stage === 'held') queue(held, 'flushHeaders', args)
  return undefined
}

/**
 * A safety net. Whoever looked `res.end` up before the response was held (`res.end(await page())`
 * with `startSession` in `page`) calls Node's own, which cannot be made to wait from within.
 */
function guardImplicitHeader(held: Held): void {
  const { response } = held
  const node = response._implicitHeader as Method
  response._implicitHeader = () => {
    if (advance(held) === 'held') {
      throw new StateError(
        'response: "write" or "end" was looked up before the session was started; start it in a statement of its own, or use sessionMiddleware',
      )
    }
    node.call(response)
  }
}

/** The first call that would send headers ends the session. @returns The stage after it. */
function advance(held: Held): Held['stage'] {
  if (held.stage !== 'untouched') return held.stage
  held.stage = 'held'
  try {
    const settled = held.holder.settle(held.owner)
    if (settled === undefined) {
      held.stage = 'untouched'
      return 'open'
    }
    if (isPromise(settled)) {
      void settled.then(
        (headers) => release(held, headers),
        (error: unknown) => fail(held, error),
      )
    } else open(held, settled)
  } catch (error) {
    fail(held, error)
  }
  return held.stage
}

function open(held: Held, headers: HeaderList): void {
  held.headers = headers
  held.stage = 'open'
}

function queue(held: Held, operation: Operation, args: unknown[]): Pretence {
  if (held.pretence === undefined) {
    if (operation !== 'writeHead') assertSendable(held.response, operation, args)
    held.pretence = pretend(held.response)
  }
  held.queue ??= []
  held.queue.push([operation, args])
  return held.pretence
}

/** The arguments of `writeHead` with the session's headers in them or in the response. */
function completed({ response, headers }: Held, args: unknown[]): unknown[] {
  if (headers.length === 0 || response.headersSent) return args
  const given = headersArgument(args)
  const merged = addHeaders(response, headers, given)
  return merged === given ? args : withHeaders(args, merged)
}

/** Does what was kept. */
function release(held: Held, headers: HeaderList): void {
  const { response, queue = [] } = held
  open(held, headers)
  const finish = held.pretence?.drop()
  let writable: unknown = true
  try {
    for (const [operation, args] of queue.splice(0)) {
      const complete = operation === 'writeHead' ? completed(held, args) : args
      const result = held[operation].apply(response, complete)
      if (operation === 'write') writable = result
    }
  } catch (error) {
    // Only what cannot be foreseen, such as a length that strictContentLength finds wrong.
    response.destroy(error as Error)
  }
  finish?.()
  if (writable !== false) drain(held)
}

function fail(held: Held, error: unknown): void {
  const finish = held.pretence?.drop()
  held.error = error
  open(held, [])
  held.holder.answer(held.owner, error)
  finish?.()
  held.stage = 'failed'
  for (const [, args] of held.queue?.splice(0) ?? []) ignore(held, args)
  drain(held)
}

/** Tells whoever was told to wait that it may go on. */
function drain({ full, response }: Held): void {
  if (full) process.nextTick(() => response.emit('drain'))
}

/** Nobody reads what the application still writes; it is told so where it asked. */
function ignore({ error }: Held, args: unknown[]): true {
  const callback = callbackOf(args)
  if (callback !== undefined) process.nextTick(callback, error)
  return true
}
