/**
 * Options of PHP's formats, and what they come to.
 *
 * @module
 */
import { assertBoolean, assertInteger, assertKnownKeys } from '../lib/check.js'
import type { PhpClasses } from './class-codec.js'
import {
  createAllowed,
  createClassTable,
  type AllowedClasses,
  type ClassTable,
} from './class-table.js'
import { SHORTEST } from './float.js'

/** PHP's `unserialize_max_depth`, kept for writing too. */
export const MAX_DEPTH = 4096

/** What holds for both directions. */
export interface CommonOptions {
  /**
   * Keeps what JavaScript has no type for: reading makes a `PhpFloat` of a float that JavaScript
   * would take for an int, or whose text is not the shortest, and a `PhpReference` of a reference to
   * an object; writing gives a `PhpFloat` the text it was read with. What PHP wrote and nobody
   * changed is written to the same bytes.
   *
   * @default false
   */
  readonly exact?: boolean | undefined
  /** Codecs by PHP class name. Without one an object stays a `PhpObject`. */
  readonly classes?: PhpClasses | undefined
  /**
   * Most arrays and objects within each other; 0 for no limit.
   *
   * @default 4096
   */
  readonly maxDepth?: number | undefined
  /**
   * Most bytes that are read, or written.
   *
   * @default Number.MAX_SAFE_INTEGER
   */
  readonly maxLength?: number | undefined
}

/** What `serialize` takes: how floats and objects are written, and how much. */
export interface SerializeOptions extends CommonOptions {
  /**
   * PHP's `serialize_precision`: -1 for the shortest digits that read back the same, else how many
   * significant digits a float has. Before PHP 7.1 it was 17.
   *
   * @default -1
   */
  readonly precision?: number | undefined
}

/** What `unserialize` takes: how values become JavaScript's, and how much is read. */
export interface UnserializeOptions extends CommonOptions {
  /**
   * Classes whose codecs may be used: all, none, or these, in any letter case. An object of any
   * other class stays a `PhpObject`, as PHP makes it a `__PHP_Incomplete_Class`.
   *
   * @default true
   */
  readonly allowedClasses?: boolean | readonly string[] | undefined
}

/** Options of the session formats. */
export interface SerializerOptions extends SerializeOptions, UnserializeOptions {
  /**
   * Reads the mark of PHP 7.0 and older for a variable without a value (`!name|`, and the top bit of
   * a length in `php_binary`): such a variable is left out. Newer PHP does not know it.
   *
   * @default false
   */
  readonly undefinedMarkers?: boolean | undefined
}

/** What both directions need to know. */
interface CommonRules {
  /** For errors. */
  readonly format: string
  /** `Infinity` for no limit. */
  readonly maxDepth: number
  /** 1 where the session is one array, which is the first level; else 0. */
  readonly rootDepth: 0 | 1
  readonly maxLength: number
  readonly exact: boolean
  readonly classes: ClassTable | undefined
  readonly allowed: AllowedClasses
  readonly undefinedMarkers: boolean
}

/** How one format is read. */
export type ReadRules = CommonRules

/** How one format is written. */
export interface WriteRules extends CommonRules {
  readonly precision: number
  /** Whether what PHP could not read back is refused. */
  readonly readable: boolean
}

/** How one format is read and written. */
export type CodecRules = ReadRules & WriteRules

const COMMON = { exact: false, classes: undefined, maxDepth: MAX_DEPTH, maxLength: 0 }
const WRITING = { ...COMMON, precision: SHORTEST }
const READING = { ...COMMON, allowedClasses: true }
const BOTH = { ...WRITING, ...READING, undefinedMarkers: false }

/** Rules without any option. */
export function defaultRules(format: string): CodecRules {
  return {
    format,
    maxDepth: MAX_DEPTH,
    rootDepth: 0,
    maxLength: Number.MAX_SAFE_INTEGER,
    exact: false,
    classes: undefined,
    allowed: true,
    undefinedMarkers: false,
    precision: SHORTEST,
    readable: false,
  }
}

/** @throws {TypeError | RangeError} For an option that is not one. */
export function readRules(format: string, options: UnserializeOptions): ReadRules {
  assertOptions(format, options)
  assertKnownKeys(format, options, READING)
  return resolve(format, options)
}

/** @throws {TypeError | RangeError} For an option that is not one. */
export function writeRules(format: string, options: SerializeOptions): WriteRules {
  assertOptions(format, options)
  assertKnownKeys(format, options, WRITING)
  return resolve(format, options)
}

const PLAIN = { exact: false, maxDepth: MAX_DEPTH, maxLength: 0 }

/** Rules of a format of its own grammar. @throws {TypeError | RangeError} For an option it has not. */
export function plainRules(format: string, options: SerializerOptions): CodecRules {
  assertOptions(format, options)
  assertKnownKeys(format, options, PLAIN)
  return resolve(format, options)
}

/** Rules of a session format. @throws {TypeError | RangeError} For an option that is not one. */
export function sessionRules(format: string, options: SerializerOptions = {}): CodecRules {
  assertOptions(format, options)
  assertKnownKeys(format, options, BOTH)
  return { ...resolve(format, options), readable: true }
}

function assertOptions(format: string, options: unknown): void {
  if (typeof options === 'object' && options !== null) return
  throw new TypeError(`${format}: options must be an object`)
}

function resolve(format: string, options: SerializerOptions): CodecRules {
  const rules = defaultRules(format)
  const { exact = rules.exact, maxDepth = rules.maxDepth, maxLength = rules.maxLength } = options
  const { precision = rules.precision, undefinedMarkers = rules.undefinedMarkers } = options
  assertBoolean('exact', exact)
  assertInteger('maxDepth', maxDepth, 0)
  assertInteger('maxLength', maxLength, 0)
  assertInteger('precision', precision, SHORTEST)
  assertBoolean('undefinedMarkers', undefinedMarkers)
  const classes = createClassTable(options.classes)
  const allowed = createAllowed(options.allowedClasses)
  const depth = maxDepth || Infinity
  return {
    ...rules,
    exact,
    maxDepth: depth,
    maxLength,
    precision,
    undefinedMarkers,
    classes,
    allowed,
  }
}
