/**
 * A chain under test and the clock it lives by, in short words.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { composeChain } from '../chain.js'
import { createContext, type Activation } from '../context.js'
import type {
  Chain,
  MaybePromise,
  SessionContext,
  SessionHandler,
  SessionInfo,
} from '../handler.js'

/** What a probe is made of. */
export interface Probed {
  readonly handlers: readonly SessionHandler[]
  readonly now: () => number
  readonly advance: (seconds: number) => MaybePromise<void>
  readonly context?: Partial<SessionContext> | undefined
  readonly listedAs?: ((id: string) => string) | undefined
}

/** Payloads are text here, a byte a character; ids are labels made as long as an id has to be. */
export interface HandlerProbe {
  readonly chain: Chain
  readonly handlers: readonly SessionHandler[]
  readonly advance: (seconds: number) => MaybePromise<void>
  readonly longestId: number
  context(fields?: Partial<SessionContext>): Activation
  /** Creates a record as a first request does: open, write, close. */
  insert(id: string, text?: string): Promise<boolean>
  /** Runs a body between `open` and `close` of an activation that holds the lock. */
  within<T>(id: string, body: (context: Activation) => MaybePromise<T>): Promise<T>
  read(id: string, context?: Activation): Promise<string | undefined>
  write(id: string, text: string, context?: Activation): Promise<boolean>
  touch(id: string, text: string, context?: Activation): Promise<boolean>
  destroy(id: string, context?: Activation): Promise<boolean>
  gc(maxLifetime?: number): Promise<number>
  list(): Promise<SessionInfo[]>
  /** What `list` calls a record. */
  listedAs(id: string): string
}

/** What a check may ask of the fixture besides. */
export interface FixtureProbe {
  /** The handlers made once more over the same store: another process. */
  elsewhere(): Promise<HandlerProbe>
  /** Takes the store down. @returns How it comes back. */
  breakDown(): MaybePromise<() => MaybePromise<void>>
  spoil(id: string): MaybePromise<void>
  /** Puts something of somebody else into the store. @returns Whether it is still as it was. */
  settleStranger(): MaybePromise<() => MaybePromise<boolean>>
  /** Another process takes the lock and keeps it. @returns How it is killed. */
  hold(id: string): MaybePromise<() => MaybePromise<void>>
  /** How often the store was asked. */
  calls(): number
  /** Handlers over a place where nothing was prepared. */
  unprepared(): Promise<{ probe: HandlerProbe; migrate: Unprepared['migrate'] }>
  make(options: object): SessionHandler
}

/** Handlers whose store lacks its table, and what makes it. */
export interface Unprepared {
  readonly handlers: readonly SessionHandler[]
  readonly migrate: () => MaybePromise<unknown>
}

/** An id of 32 characters that begins with a label of `a-z0-9`; no two labels make the same one. */
export function idOf(label: string | number): string {
  return `${label}-`.padEnd(32, '0')
}

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function textOf(payload: Uint8Array | undefined): string | undefined {
  return payload === undefined ? undefined : Buffer.from(payload).toString('latin1')
}

export function handlerProbe(probed: Probed, longestId: number): HandlerProbe {
  const { handlers, now, advance, listedAs = (id: string) => id } = probed
  const chain = composeChain(handlers)
  /** For single operations: nothing is locked for longer than they take. */
  const context = (fields: Partial<SessionContext> = {}) =>
    createContext({ now, ...probed.context, ...fields })
  const single = () => context({ lock: 'none' })

  async function during<T>(
    activation: Activation,
    body: (context: Activation) => MaybePromise<T>,
  ): Promise<T> {
    try {
      await chain.open(activation)
      return await body(activation)
    } finally {
      await chain.close(activation)
    }
  }

  return {
    chain,
    handlers,
    advance,
    longestId,
    context,
    insert: (id, text = '') =>
      during(context({ id, isNew: true }), (activation) =>
        chain.write(id, bytesOf(text), activation),
      ),
    within: (id, body) => during(context({ id }), body),
    read: async (id, activation = single()) => textOf(await chain.read(id, activation)),
    write: async (id, text, activation = single()) =>
      await chain.write(id, bytesOf(text), activation),
    touch: async (id, text, activation = single()) =>
      await chain.updateTimestamp(id, bytesOf(text), activation),
    destroy: async (id, activation = single()) => await chain.destroy(id, activation),
    gc: async (maxLifetime = 1440) => await chain.gc(maxLifetime, single()),
    list: () => listed(chain, single()),
    listedAs,
  }
}

async function listed(chain: Chain, context: Activation): Promise<SessionInfo[]> {
  const infos: SessionInfo[] = []
  for await (const info of chain.list?.(context) ?? []) infos.push(info)
  return infos
}

/** Asserts that an open gets no lock. */
export async function assertLocked({ chain, context }: HandlerProbe, id: string): Promise<void> {
  const late = context({ id, lockWaitMs: 50 })
  const timedOut = (error: unknown) =>
    (error as { code?: unknown }).code === 'ERR_SESSION_LOCK_TIMEOUT'
  await assert.rejects(async () => await chain.open(late), timedOut)
  await chain.close(late)
}

/** Time enough for an open that need not wait to get through: another one does meanwhile. */
export async function othersTurn({ insert, within }: HandlerProbe): Promise<void> {
  const other = idOf('other')
  await insert(other, '')
  for (let turn = 0; turn < 3; turn += 1) await within(other, () => undefined)
}
