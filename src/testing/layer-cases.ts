/**
 * What every layer has to hold to, as data. The cases for storing handlers hold for layers too, above
 * a store that passes them; these ones put a store of the kit's own below, which can fail.
 *
 * @module
 */
import type { MaybePromise, SessionContext, SessionHandler } from '../handler.js'
import type { HandlerCase } from './handler-cases.js'
import { STORE_LAWS } from './layer-cases-store.js'
import { TRUTH_LAWS } from './layer-cases-truth.js'
import { layerProbe, type LayerCheck } from './layer-probe.js'

/** Layers, made anew for each case; the kit puts its store below them. */
export interface LayerFixture {
  /** The layers under test, outermost first; often one. */
  readonly layers: readonly SessionHandler[]
  /** What contexts need beyond the defaults. */
  readonly context?: Partial<SessionContext> | undefined
  /** Removes what the fixture made. Called after `dispose` of the layers. */
  readonly cleanup?: (() => MaybePromise<void>) | undefined
}

const CHECKS: readonly LayerCheck[] = [...STORE_LAWS, ...TRUTH_LAWS]

/**
 * The laws of layers.
 *
 * @param create Makes a fixture. Called twice for each case: the two have to understand each other's
 *   records, as two processes with the same keys and options do.
 */
export function layerCases(create: () => MaybePromise<LayerFixture>): HandlerCase[] {
  return CHECKS.map(({ name, check }) => ({
    name,
    async run() {
      const fixtures = [await create(), await create()] as const
      const [{ layers, context }, { layers: others }] = fixtures
      try {
        await check(layerProbe({ layers, others, context }))
      } finally {
        for (const fixture of fixtures) await end(fixture)
      }
    },
  }))
}

async function end({ layers, cleanup }: LayerFixture): Promise<void> {
  for (const layer of layers) await layer.dispose?.()
  await cleanup?.()
}
