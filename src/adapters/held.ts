/**
 * The way of a held response: untouched, held, open or failed.
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'
import type { HeaderList } from '../http/headers.js'
import { isPromise } from '../lib/flow.js'
import {
  assertSendable,
  callbackOf,
  headersArgument,
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
  /** Told when the session has settled, before anything is sent. */
  opened(owner: Owner, held: Held): void
  /** Answers instead of the application when that failed: ends the response, never throws. */
  answer(owner: Owner, error: unknown): void
}

type Operation = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/**
 * What is known of a held response.
 *
 * A class, though it is nothing but a record: V8 makes literals old at once where many of them
 * survived, and an old one keeps the whole request alive until the next full collection (a fifth
 * of all that was allocated; tests/bench/requests-table.ts).
 */
export class Held<Owner = unknown> {
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
  /** The methods as they were, or what took their place since. */
  writeHead: Method
  write: Method
  end: Method
  flushHeaders: Method

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

/** The first call that would send headers ends the session. @returns The stage after it. */
export function advance(held: Held): Held['stage'] {
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
  held.holder.opened(held.owner, held)
}

export function queue(held: Held, operation: Operation, args: unknown[]): Pretence {
  if (held.pretence === undefined) {
    if (operation !== 'writeHead') assertSendable(held.response, operation, args)
    held.pretence = pretend(held.response)
  }
  held.queue ??= []
  held.queue.push([operation, args])
  return held.pretence
}

/** The arguments of `writeHead` with the session's headers in them or in the response. */
export function completed({ response, headers }: Held, args: unknown[]): unknown[] {
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
  held.headers = NONE
  held.stage = 'open'
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
export function ignore({ error }: Held, args: unknown[]): true {
  const callback = callbackOf(args)
  if (callback !== undefined) process.nextTick(callback, error)
  return true
}
