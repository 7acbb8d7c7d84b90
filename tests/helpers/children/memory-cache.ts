/**
 * A server process with copies in memory above a store on disk, told what to do over IPC.
 *
 * The channel is the IPC itself: what it publishes goes to the parent, which passes it on.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { defineHandler } from '../../../src/handler.js'
import { memoryHandler } from '../../../src/handlers/memory.js'

/** What the parent says. */
export type Order =
  | { readonly changed: string }
  | { readonly number: number; readonly operation: 'read' | 'destroy'; readonly id: string }
  | {
      readonly number: number
      readonly operation: 'write'
      readonly id: string
      readonly words: string
    }

/** What the process says: that it is there, that a session changed, or what an order came to. */
export type Report =
  | { readonly ready: true }
  | { readonly changed: string }
  | { readonly number: number; readonly result: string | boolean | undefined }

const folder = process.argv[2] ?? ''
const listeners = new Set<(id: string) => void>()

const tell = (report: Report) =>
  new Promise<void>((resolve, reject) => {
    process.send?.(report, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })

const disk = defineHandler({
  name: 'disk',
  async read(id) {
    try {
      return new Uint8Array(readFileSync(join(folder, id)))
    } catch {
      return undefined // absent
    }
  },
  async write(id, payload) {
    writeFileSync(join(folder, id), payload)
    return true
  },
  async destroy(id) {
    rmSync(join(folder, id), { force: true })
    return true
  },
})

const memory = memoryHandler({
  maxAge: 3600,
  invalidation: {
    publish: (id) => tell({ changed: id }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  },
})

const chain = composeChain([memory, disk])

async function obey(order: Exclude<Order, { changed: string }>) {
  const { id } = order
  if (order.operation === 'destroy') return await chain.destroy(id, createContext())
  if (order.operation === 'write') {
    return await chain.write(id, Buffer.from(order.words), createContext())
  }
  const payload = await chain.read(id, createContext({ lock: 'read', readOnly: true }))
  return payload === undefined ? undefined : Buffer.from(payload).toString()
}

process.on('message', async (order: Order) => {
  if ('changed' in order) for (const listener of listeners) listener(order.changed)
  else await tell({ number: order.number, result: await obey(order) })
})
process.on('disconnect', () => process.exit())
void tell({ ready: true })
