/**
 * The store that the kit puts below layers: it remembers what it was asked, and fails when told to.
 *
 * @module
 */
import { StoreError } from '../errors.js'
import { defineHandler, type Payload, type SessionContext } from '../handler.js'
import type { SessionHandler, SessionInfo } from '../handler.js'

/** Operations that can be made to fail. */
export type Scripted =
  'open' | 'close' | 'read' | 'write' | 'destroy' | 'gc' | 'updateTimestamp' | 'validateId'

/** One operation as the store was asked for it. */
export interface Call {
  readonly operation: Scripted
  readonly context: SessionContext
  /** What the context said then. */
  readonly said: SessionContext
}

export interface ScriptedStore {
  /** A handler over the store; each chain needs one of its own. */
  handler(): SessionHandler
  readonly calls: Call[]
  /** The next operation of this name fails. */
  failNext(operation: Scripted): void
}

/** Keeps records for ever, answers a turn later, locks nothing. */
export function scriptedStore(): ScriptedStore {
  const records = new Map<string, Payload>()
  const calls: Call[] = []
  const failing = new Set<Scripted>()

  async function asked(operation: Scripted, context: SessionContext): Promise<void> {
    calls.push({ operation, context, said: { ...context, signal: context.signal } })
    await new Promise((resolve) => setImmediate(resolve))
    if (failing.delete(operation)) throw new StoreError('scripted', operation, 'told to fail')
  }

  const handler = () =>
    defineHandler({
      name: 'scripted',
      open: (context) => asked('open', context),
      close: (context) => asked('close', context),
      async read(id, context) {
        await asked('read', context)
        return records.get(id)?.slice()
      },
      async write(id, payload, context) {
        const { isNew } = context
        await asked('write', context)
        if (records.has(id) === isNew) return false
        records.set(id, payload.slice())
        return true
      },
      async destroy(id, context) {
        await asked('destroy', context)
        return records.delete(id)
      },
      async gc(_, context) {
        await asked('gc', context)
        return 0
      },
      async updateTimestamp(id, _, context) {
        await asked('updateTimestamp', context)
        return records.has(id)
      },
      async validateId(id, context) {
        await asked('validateId', context)
        return records.has(id)
      },
      list: () => listed(records),
      count: () => records.size,
    })

  return { handler, calls, failNext: (operation) => void failing.add(operation) }
}

async function* listed(records: ReadonlyMap<string, Payload>): AsyncIterable<SessionInfo> {
  for (const [id, { length }] of records) yield { id, touchedMs: 1, bytes: length }
}
