/**
 * Options of the files handler.
 *
 * @module
 */
import {
  assertFunction,
  assertInteger,
  assertKnownKeys,
  assertOneOf,
  assertString,
} from '../lib/check.js'
import { FLOCK_PROVIDERS, type FlockFunction, type FlockProvider } from '../locks/flock.js'

/** Options of `filesHandler`. */
export interface FilesOptions {
  /**
   * PHP's `session.save_path`, `[N;[MODE;]]path`. Empty is the system's folder for temporary files;
   * left out is the manager's `savePath`.
   */
  savePath?: string | undefined
  /**
   * `flock` waits for PHP and other processes; `process` is for folders that only this one uses.
   *
   * @default 'flock'
   */
  lock?: 'flock' | 'process' | undefined
  /** Takes the place of the helper process: flock(2) on a descriptor. */
  flock?: FlockFunction | undefined
  /** Which helper process takes the locks; `auto` is the first that comes up. @default 'auto' */
  provider?: FlockProvider | undefined
  /** How many requests of this process may wait for one session. @default 1000 */
  maxWaiters?: number | undefined
  /** `fsync` makes a write survive a power cut once it has settled. @default 'none' */
  durability?: 'none' | 'fsync' | undefined
}

const DEFAULTS = {
  savePath: undefined as string | undefined,
  lock: 'flock' as 'flock' | 'process',
  flock: undefined as FlockFunction | undefined,
  provider: 'auto' as FlockProvider,
  maxWaiters: 1000,
  durability: 'none' as 'none' | 'fsync',
}

/** Options with every default filled in. */
export type FilesSettings = typeof DEFAULTS

/** @throws {TypeError | RangeError} For an option that cannot be. */
export function resolveFilesOptions(options: FilesOptions): FilesSettings {
  assertKnownKeys('filesHandler', options, DEFAULTS)
  const { savePath, flock } = options
  const { lock = DEFAULTS.lock, provider = DEFAULTS.provider } = options
  const { maxWaiters = DEFAULTS.maxWaiters, durability = DEFAULTS.durability } = options
  if (savePath !== undefined) assertString('savePath', savePath)
  if (flock !== undefined) assertFunction('flock', flock)
  assertOneOf('lock', lock, ['flock', 'process'])
  assertOneOf('provider', provider, FLOCK_PROVIDERS)
  assertInteger('maxWaiters', maxWaiters, 0)
  assertOneOf('durability', durability, ['none', 'fsync'])
  return { savePath, lock, flock, provider, maxWaiters, durability }
}
