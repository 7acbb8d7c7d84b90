/**
 * What is done to a session in Redis whose lock is held: each change is refused where the lock has
 * become somebody else's.
 *
 * @module
 */
import type { Payload } from '../handler.js'

/** One lock, held or to be taken. */
export interface Grip {
  /** Key of the record. */
  readonly key: string
  readonly lockKey: string
  readonly token: string
  readonly leaseMs: number
  /** Digest of the record as this activation knows it, where the fence needs one. */
  seen: string | undefined
}

/** What was found when the lock was free. */
export interface Entry {
  /** `false` for an unknown id in strict mode: there is nothing to lock. */
  readonly locked: boolean
  readonly payload: Payload | undefined
}

/** How a record is stored. */
export interface Storing {
  readonly payload: Payload
  /** How long it lives, as Redis is told. */
  readonly seconds: string
  /** Creates what must not be there, instead of updating what must. */
  readonly create: boolean
}

/** 1 done · 0 refused: the record is gone, or was to be created and is there · -1 lock lost. */
export type Outcome = 1 | 0 | -1

/** Each call fails with a `StoreError`. */
export interface RedisFence {
  /** Whether a change that is told `closing` gives the lock back, too. */
  readonly closes: boolean
  /** Takes the lock and reads. `undefined` when somebody else has it. */
  enter(grip: Grip, strict: boolean): Promise<Entry | undefined>
  /** Asks for another lease. @returns Whether the lock was still ours. */
  renew(grip: Grip): Promise<boolean>
  /** Gives the lock back. @returns Whether it was still ours. */
  release(grip: Grip): Promise<boolean>
  write(grip: Grip, storing: Storing, closing: boolean): Promise<Outcome>
  touch(grip: Grip, seconds: string, closing: boolean): Promise<Outcome>
  destroy(grip: Grip, closing: boolean): Promise<Outcome>
  /** Remembers the record as it was read just now. */
  note(grip: Grip, payload: Payload | undefined): void
}
