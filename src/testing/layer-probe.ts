/**
 * Layers under test above a scripted store, and a second chain of them above the same store.
 *
 * @module
 */
import { composeChain } from '../chain.js'
import { createContext, type Activation } from '../context.js'
import type { Chain, MaybePromise, SessionContext, SessionHandler } from '../handler.js'
import { bytesOf } from './handler-probe.js'
import { scriptedStore, type ScriptedStore } from './scripted-store.js'

/** One check of layers before a fixture is made for it. */
export interface LayerCheck {
  readonly name: string
  readonly check: (probe: LayerProbe) => MaybePromise<void>
}

/** Payloads are text here, a byte a character. */
export interface LayerProbe extends ScriptedStore {
  readonly layers: readonly SessionHandler[]
  readonly chain: Chain
  /** Layers made once more above the same store: another process. */
  readonly elsewhere: Chain
  context(fields?: Partial<SessionContext>): Activation
  insert(id: string, text: string, chain?: Chain): Promise<boolean>
  write(id: string, text: string): Promise<boolean>
  read(id: string): Promise<string | undefined>
}

/** What a probe is made of. */
export interface ProbedLayers {
  readonly layers: readonly SessionHandler[]
  readonly others: readonly SessionHandler[]
  readonly context?: Partial<SessionContext> | undefined
}

export function layerProbe({ layers, others, context: given }: ProbedLayers): LayerProbe {
  const store = scriptedStore()
  const chain = composeChain([...layers, store.handler()])
  const context = (fields: Partial<SessionContext> = {}) =>
    createContext({ now: () => NOW, lock: 'none', ...given, ...fields })
  return {
    ...store,
    layers,
    chain,
    elsewhere: composeChain([...others, store.handler()]),
    context,
    insert: async (id, text, above = chain) =>
      above.write(id, bytesOf(text), context({ id, isNew: true })),
    write: async (id, text) => chain.write(id, bytesOf(text), context({ id })),
    async read(id) {
      const payload = await chain.read(id, context({ id }))
      return payload && Buffer.from(payload).toString('latin1')
    },
  }
}

const NOW = 1_700_000_000_000
