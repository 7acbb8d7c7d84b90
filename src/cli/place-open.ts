/**
 * From the words of a command line to a place.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { filesHandler } from '../handlers/files.js'
import type { SessionOptions } from '../options/options.js'
import { fromPhpIni } from '../php-ini.js'
import type { Given } from './command.js'
import { integerOf, secondsOf, textOf } from './flags.js'
import type { Io } from './io.js'
import { loadConfig } from './place-config.js'
import { openSqlite } from './place-sqlite.js'
import { placeOf, type Place, type Plan } from './place.js'
import { UsageError } from './problems.js'

/** Looked for in the current folder, where nothing else is said. */
const CONFIGS = ['sessionz.config.mjs', 'sessionz.config.js', 'sessionz.config.cjs']

/** What a place is opened for. */
export interface Purpose {
  /** Whether a database and its table may be made. */
  readonly create: boolean
}

/** Opens the place that the options name. @throws {UsageError} For none, and for several. */
export async function openPlace(given: Given, io: Io, purpose: Purpose): Promise<Place> {
  const plan = await planOf(given, io, purpose)
  return placeOf({ ...plan, options: overridden(plan.options, given, io) })
}

/**
 * Opens the place that one word names: `files:<save path>`, `sqlite:<file>#<table>`, or the file of
 * a config.
 */
export async function openWord(word: string, given: Given, io: Io): Promise<Place> {
  const [, kind, rest = ''] = /^(files|sqlite):(.+)$/s.exec(word) ?? []
  const [file, table] = rest.split('#')
  const named = kind === 'files' ? { 'save-path': rest } : { sqlite: file, table }
  const where = kind === undefined ? { config: word } : named
  const { serializer, name, 'max-lifetime': lifetime, 'lock-wait': wait } = given
  const all = { ...where, serializer, name, 'max-lifetime': lifetime, 'lock-wait': wait }
  return openPlace(all, io, { create: true })
}

async function planOf(given: Given, io: Io, purpose: Purpose): Promise<Plan> {
  const config = textOf(given, 'config')
  const savePath = textOf(given, 'save-path')
  const sqlite = textOf(given, 'sqlite')
  const named = [config, savePath, sqlite].filter((place) => place !== undefined)
  if (named.length > 1) throw new UsageError('give one of --config, --save-path and --sqlite')
  if (sqlite === undefined && given['table'] !== undefined)
    throw new UsageError('--table goes with --sqlite')
  const ini = phpIni(given, io)
  if (sqlite !== undefined) {
    return openSqlite({ ...ini, file: sqlite, table: textOf(given, 'table'), ...purpose }, io)
  }
  if (savePath !== undefined) {
    return ofFiles({ ...ini.options, savePath: absolute(savePath, io) })
  }
  const file = config ?? (ini.given ? undefined : defaultConfig(io))
  if (file !== undefined) return loadConfig(file, ini.options, io)
  if (ini.given) return ofFiles(ini.options)
  throw new UsageError('where are the sessions? Give --save-path, --sqlite or --config')
}

function ofFiles(options: SessionOptions): Plan {
  const handlers = [filesHandler({ savePath: options.savePath })]
  return { options: { ...options, handlers }, end: () => undefined }
}

/** `[N;[MODE;]]path` with the path counted from the folder of the run. */
function absolute(savePath: string, { cwd }: Io): string {
  const [, head = '', path = ''] = /^((?:[^;]*;){0,2})(.*)$/s.exec(savePath) ?? []
  return path === '' ? savePath : head + resolve(cwd, path)
}

/** What a php.ini says but of its handler: which one it is, the command line says. */
function phpIni(given: Given, io: Io): { given: boolean; options: SessionOptions } {
  const file = textOf(given, 'php-ini')
  if (file === undefined) return { given: false, options: {} }
  const options = fromPhpIni(resolve(io.cwd, file), { handlers: [], env: io.env })
  delete options.handlers
  return { given: true, options }
}

function defaultConfig({ cwd }: Io): string | undefined {
  return CONFIGS.find((name) => existsSync(resolve(cwd, name)))
}

function overridden(options: SessionOptions, given: Given, { now }: Io): SessionOptions {
  const serializer = textOf(given, 'serializer') ?? options.serializer
  const name = textOf(given, 'name') ?? options.name
  const maxLifetime = integerOf(given, 'max-lifetime', 1) ?? options.gc?.maxLifetime
  const lockWait = secondsOf(given, 'lock-wait') ?? options.lockWait
  return { now, ...options, serializer, name, lockWait, gc: { ...options.gc, maxLifetime } }
}
