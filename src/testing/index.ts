/**
 * For tests: `sessionz/testing`.
 *
 * Users get a clock, a cookie jar, and visitors who have a session already. Authors of handlers get
 * the conformance kit, as data for any test runner:
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
export { fakeClock } from '../test-kit/clock.js'
export { cookieJar } from '../test-kit/cookie-jar.js'
export { actingAs, createTestSession } from '../test-kit/visitors.js'

export type {
  HandlerCapabilities,
  HandlerCase,
  HandlerFixture,
  Unprepared,
} from './handler-cases.js'
export type { LayerFixture } from './layer-cases.js'
export type { FakeClock } from '../test-kit/clock.js'
export type { CookieJar, CookieJarOptions, CookieSource } from '../test-kit/cookie-jar.js'
export type { KeptCookie } from '../test-kit/set-cookie.js'
export type { Visitor } from '../test-kit/visitors.js'
