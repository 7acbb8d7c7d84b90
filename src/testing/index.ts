/**
 * The conformance kit for authors of handlers, as data for any test runner: `sessionz/testing`.
 *
 * ```ts
 * for (const { name, run } of handlerCases(create)) it(name, run)
 * for (const { name, run } of layerCases(createLayer)) it(name, run)
 * ```
 *
 * @module
 */
export { handlerCases } from './handler-cases.js'
export { layerCases } from './layer-cases.js'

export type {
  HandlerCapabilities,
  HandlerCase,
  HandlerFixture,
  Unprepared,
} from './handler-cases.js'
export type { LayerFixture } from './layer-cases.js'
