/**
 * The options that several commands have, and how values are read.
 *
 * @module
 */
import type { Flags, Given } from './command.js'
import { UsageError } from './problems.js'

/** Where the sessions are. */
export const PLACE_FLAGS = {
  config: { value: 'file', text: 'a module whose default export is the options of a manager' },
  'save-path': {
    value: 'path',
    text: "PHP's session.save_path: a folder, N;folder, N;MODE;folder",
  },
  sqlite: { value: 'file', text: 'a database of SQLite' },
  table: { value: 'name', text: 'its table (default: sessionz)' },
  'php-ini': {
    value: 'file',
    text: "take save path, serializer, name and lifetime of a site's php.ini",
  },
  serializer: { value: 'name', text: 'php, php_binary, php_serialize, wddx, json or v8' },
  name: { value: 'name', text: "the cookie's name, which encrypted sessions are bound to" },
  'max-lifetime': {
    value: 'seconds',
    text: 'after which an unused session is over (default: 1440)',
  },
} satisfies Flags

export const JSON_FLAG = { json: { text: 'print JSON' } } satisfies Flags

export const IDS_FLAG = {
  'full-ids': { text: 'print whole ids; whoever reads one can use the session' },
} satisfies Flags

export const LOCK_FLAG = {
  'lock-wait': { value: 'seconds', text: 'longest wait for a session in use (default: 10)' },
} satisfies Flags

export const BATCH_FLAGS = {
  limit: { value: 'n', text: 'stop after so many' },
  batch: { value: 'n', text: 'how many are taken from the list at a time (default: 1000)' },
} satisfies Flags

/** The text of an option; `undefined` where it is not given. */
export function textOf(given: Given, name: string): string | undefined {
  const value = given[name]
  return typeof value === 'string' ? value : undefined
}

export function isGiven(given: Given, name: string): boolean {
  return given[name] !== undefined && given[name] !== false
}

/** @throws {UsageError} For what is no integer from `least` on. */
export function integerOf(given: Given, name: string, least: number): number | undefined {
  const text = textOf(given, name)
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new UsageError(`--${name} must be an integer from ${least} on`)
}

/** @throws {UsageError} For what is no number from 0 on. */
export function secondsOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name)
  if (text === undefined) return undefined
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  throw new UsageError(`--${name} must be seconds`)
}

/** @throws {UsageError} For another word. */
export function wordOf<T extends string>(
  given: Given,
  name: string,
  words: readonly T[],
): T | undefined {
  const text = textOf(given, name)
  if (text === undefined || (words as readonly string[]).includes(text))
    return text as T | undefined
  throw new UsageError(`--${name} must be one of ${words.join(', ')}`)
}
