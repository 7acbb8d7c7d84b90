/**
 * PHP-grade session management for Node servers.
 *
 * @module
 */
export { composeChain } from './chain.js'
export { createContext } from './context.js'
export { csrfToken, isCsrfToken } from './csrf.js'
export {
  CookieError,
  DecodeError,
  DecryptError,
  EncodeError,
  InvalidIdError,
  LockLostError,
  LockTimeoutError,
  SchemaError,
  SessionError,
  StateError,
  StoreError,
} from './errors.js'
export { defineHandler } from './handler.js'
export { filesHandler } from './handlers/files.js'
export { memoryHandler } from './handlers/memory.js'
export { createIdGenerator, encodeId } from './id/generate.js'
export { isValidId } from './id/validate.js'
export { createSessionManager } from './manager.js'
export { jsonSerializer } from './serializers/json.js'
export { phpSerializer } from './serializers/php.js'
export { serializerFor } from './serializers/registry.js'
export { v8Serializer } from './serializers/v8.js'
export { Session } from './session.js'

export type { DestroyByOwnerOptions } from './administration-owners.js'
export type { TokenOwner } from './csrf.js'
export type { SessionErrorCode } from './errors.js'
export type { Rejection, SessionEvents } from './events.js'
export type { SessionTraces } from './events-traces.js'
export type {
  Chain,
  HandlerDefinition,
  LockMode,
  MaybePromise,
  Next,
  Ownership,
  Payload,
  SessionContext,
  SessionHandler,
  SessionInfo,
} from './handler.js'
export type { FilesOptions } from './handlers/files.js'
export type { InvalidationChannel, MemoryOptions } from './handlers/memory.js'
export type { SessionHealth } from './health.js'
export type { Header, HeaderList } from './http/headers.js'
export type { SessionRequest } from './http/propagation.js'
export type { BitsPerCharacter, EncodeIdOptions, IdGenerator, IdOptions } from './id/generate.js'
export type { IdBounds } from './id/validate.js'
export type { BreakerState } from './lib/breaker.js'
export type { StandardResult, StandardSchema } from './lib/standard-schema.js'
export type { SessionManager } from './manager.js'
export type { BreakerOptions } from './options/breaker-options.js'
export type { CacheLimiter } from './options/cache-limiters.js'
export type { CookieOptions } from './options/cookie-options.js'
export type {
  Concurrency,
  Conflict,
  ConflictPolicy,
  GcOptions,
  SessionOptions,
  StartOverrides,
  StoreErrorPolicy,
} from './options/options.js'
export type { SessionData, Serializer } from './serializer.js'
export type { Flash } from './session-flash.js'
export type { RegenerateOptions } from './session-regenerate.js'
export type { SessionStatus, Substitute } from './session-state.js'
