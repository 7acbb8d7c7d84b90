/**
 * Options from a site's own php.ini, so that one file drives both sides.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { publish } from './events.js'
import type { SessionHandler } from './handler.js'
import { filesHandler } from './handlers/files.js'
import { IniSyntaxError, parsePhpIni } from './lib/php-ini.js'
import { readSessionSettings, type IniReading } from './options/php-ini.js'
import type { SessionOptions } from './options/options.js'

export { IniSyntaxError }

/** How `fromPhpIni` goes on from what the file says. */
export interface PhpIniOverrides extends SessionOptions {
  /**
   * Handlers by `session.save_handler`, made with `session.save_path`. `files` is known.
   *
   * @default { files: (savePath) => [filesHandler({ savePath })] }
   */
  saveHandlers?: Readonly<Record<string, SaveHandler>> | undefined
  /** What `${NAME}` stands for in the file. @default process.env */
  env?: Readonly<Record<string, string | undefined>> | undefined
}

/** Makes the chain for a `session.save_handler`. */
export type SaveHandler = (savePath: string) => readonly SessionHandler[]

const FILES: SaveHandler = (savePath) => [filesHandler({ savePath })]

/**
 * Reads a php.ini into options of the manager. What the file does not set keeps the default here,
 * which is the safe one, not PHP's.
 *
 * Settings without an effect here, values that PHP refuses and names that it does not know are
 * published as `sessionz:warning`.
 *
 * @param textOrPath The text, or the path of the file: what has no line end and no `=` is a path.
 * @param overrides Options that count more than the file's.
 * @throws {IniSyntaxError} Where PHP would stop reading.
 * @throws {TypeError} For a `session.save_handler` that `saveHandlers` does not have.
 */
export function fromPhpIni(textOrPath: string, overrides: PhpIniOverrides = {}): SessionOptions {
  const { saveHandlers, env = process.env, ...options } = overrides
  const text = /[\n=]/.test(textOrPath) ? textOrPath : readFileSync(textOrPath, 'utf8')
  const reading = readSessionSettings(parsePhpIni(text, env))
  warn(reading)
  return { ...chain(reading, options, saveHandlers), ...merged(reading.options, options) }
}

/** Groups are merged member by member. */
function merged(read: SessionOptions, options: SessionOptions): SessionOptions {
  const { gc, cookie, id } = options
  const grouped = {
    ...(gc && { gc: { ...read.gc, ...gc } }),
    ...(cookie && { cookie: { ...read.cookie, ...cookie } }),
    ...(id && { id: 'generate' in id ? id : { ...read.id, ...id } }),
  }
  return { ...read, ...options, ...grouped }
}

function chain(
  { saveHandler, options: { savePath = '' } }: IniReading,
  options: SessionOptions,
  saveHandlers: PhpIniOverrides['saveHandlers'],
): SessionOptions {
  if (options.handlers !== undefined || saveHandler === undefined) return {}
  const known: Record<string, SaveHandler> = { files: FILES, ...saveHandlers }
  const make = Object.hasOwn(known, saveHandler) ? known[saveHandler] : undefined
  if (make === undefined) {
    throw new TypeError(
      `fromPhpIni: session.save_handler is "${saveHandler}"; name it in "saveHandlers", or give "handlers"`,
    )
  }
  return { handlers: make(options.savePath ?? savePath) }
}

function warn({ ignored, refused, unknown }: IniReading): void {
  const tell = (code: string, names: readonly string[], what: string) => {
    if (names.length === 0) return
    publish('sessionz:warning', () => ({ code, message: `php.ini: ${names.join(', ')} ${what}` }))
  }
  tell('PHP_INI_IGNORED', ignored, 'has no effect here')
  tell('PHP_INI_REFUSED', refused, 'has a value that PHP refuses: the default stands')
  tell('PHP_INI_UNKNOWN', unknown, 'is no setting of PHP')
}
