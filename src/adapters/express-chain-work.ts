/** What a store over a chain does, in promises. Ids are those of storage. */
import { createContext, type Activation } from '../context.js'
import { StateError } from '../errors.js'
import { publish } from '../events.js'
import type { Chain, MaybePromise, SessionContext } from '../handler.js'
import { decodeRecord, encodeRecord, fromStoredId, hasExpired } from './express-chain-records.js'
import type { SessionData } from './express-contract.js'

/** The part of a context that is the same for all calls. */
export type Fields = Pick<
  SessionContext,
  'maxLifetime' | 'savePath' | 'name' | 'lockWaitMs' | 'now'
>

export interface ChainWork {
  read(id: string): Promise<SessionData | undefined>
  write(id: string, session: SessionData): Promise<void>
  touch(id: string, session: SessionData): Promise<void>
  destroy(id: string): Promise<void>
  all(): Promise<Record<string, SessionData>>
  count(): Promise<number>
  clear(): Promise<void>
  gc(): Promise<number>
  lock(id: string, lockWaitMs: number): Promise<() => Promise<void>>
  /** From here on the session has a record: it is updated, and not created again. */
  hasRecord(session: object): void
}

export function chainWork(chain: Chain, fields: Fields): ChainWork {
  const stored = new WeakSet<object>()
  const { within, lock } = visits(chain, fields)

  async function read(id: string): Promise<SessionData | undefined> {
    const reading = { id, lock: 'read', readOnly: true } as const
    const payload = await within(reading, (context) => chain.read(id, context))
    const record = payload?.length ? decodeRecord(payload) : undefined
    return record && hasExpired(record, fields.now()) ? undefined : record
  }

  async function write(id: string, session: SessionData): Promise<void> {
    const payload = encodeRecord(session)
    const store = (context: SessionContext) => chain.write(id, payload, context)
    if (!stored.has(session)) {
      if (await within({ id, isNew: true }, store)) return void stored.add(session)
    }
    if (!(await within({ id }, store)))
      publish('sessionz:interrupted', () => ({ name: fields.name }))
  }

  async function touch(id: string, { cookie }: SessionData): Promise<void> {
    await within({ id }, async (context) => {
      const payload = await chain.read(id, context)
      if (payload === undefined) return
      const record = decodeRecord(payload)
      if (cookie.expires == null) await chain.updateTimestamp(id, payload, context)
      else await chain.write(id, encodeRecord({ ...record, cookie }), context)
    })
  }

  async function destroy(id: string): Promise<void> {
    await within({ id }, (context) => chain.destroy(id, context))
  }

  return {
    read,
    write,
    touch,
    destroy,
    ...administration(chain, fields, { read, destroy }),
    lock,
    hasRecord: (session) => void stored.add(session),
  }
}

/** What concerns all records. */
function administration(
  chain: Chain,
  fields: Fields,
  { read, destroy }: Pick<ChainWork, 'read' | 'destroy'>,
): Pick<ChainWork, 'all' | 'count' | 'clear' | 'gc'> {
  const context = () => contextOf(fields, { lock: 'none' })

  async function ids(): Promise<string[]> {
    if (chain.list === undefined) throw new StateError('express: this chain cannot list')
    const found: string[] = []
    for await (const { id } of chain.list(context())) found.push(id)
    return found
  }

  return {
    async all() {
      const sessions = Object.create(null) as Record<string, SessionData>
      for (const id of await ids()) {
        const record = await read(id)
        if (record) sessions[fromStoredId(id)] = record
      }
      return sessions
    },
    async count() {
      return chain.count === undefined ? (await ids()).length : await chain.count(context())
    },
    async clear() {
      for (const id of await ids()) await destroy(id)
    },
    gc: async () => await chain.gc(fields.maxLifetime, context()),
  }
}

interface Visits {
  /** Works on one record, under the lock that a request has already, or under one of its own. */
  within<T>(
    own: Partial<SessionContext> & { readonly id: string },
    work: (context: SessionContext) => MaybePromise<T>,
  ): Promise<T>
  lock: ChainWork['lock']
}

function visits(chain: Chain, fields: Fields): Visits {
  const held = new Map<string, Activation>()
  return {
    async within(own, work) {
      const context = held.get(own.id)
      if (context !== undefined) {
        context.isNew = own.isNew ?? false
        return await work(context)
      }
      const opened = contextOf(fields, own)
      try {
        await chain.open(opened)
        return await work(opened)
      } finally {
        await chain.close(opened)
      }
    },
    async lock(id, lockWaitMs) {
      const context = contextOf(fields, { id, lockWaitMs })
      await chain.open(context)
      held.set(id, context)
      return async () => {
        held.delete(id)
        await chain.close(context)
      }
    },
  }
}

function contextOf(fields: Fields, own: Partial<SessionContext>): Activation {
  return createContext({ ...fields, ...own })
}
