/** Real PHP as the other side: one process for all the bytes of a test. */
import { spawnSync } from 'node:child_process'
import { text } from './typed-value.js'

/** Session formats that every PHP has. */
export const FORMATS = ['php', 'php_binary', 'php_serialize'] as const

/** PHP's `serialize_precision` now, and before PHP 7.1. */
export const PRECISIONS = [-1, 17] as const

const SCRIPTS = new URL('.', import.meta.url).pathname

/** What is asked, and with which argument; see php-codec.php. */
export interface Question {
  readonly operation: 'value' | 'names' | 'variables' | 'session' | 'verdict' | 'floats'
  readonly argument?: unknown
  readonly bytes: Uint8Array
}

/** PHP's answers: bytes, or `false` where it could not read. */
export function askPhp(questions: readonly Question[], precision = -1): (Buffer | false)[] {
  const lines = questions.map(({ operation, argument, bytes }) => {
    const json = argument === undefined ? [] : [toBase64(Buffer.from(JSON.stringify(argument)))]
    return `${[operation, ...json, toBase64(bytes)].join(' ')}\n`
  })
  return run(['php-codec.php'], { precision }, lines.join(''))
}

interface Settings {
  readonly precision: number
  readonly format?: string
}

export interface Batch extends Settings {
  readonly kind: 'value' | 'session'
  readonly count: number
  readonly seed: number
}

/** What PHP writes for values, or sessions, that it makes itself. */
export function phpWrites({ kind, count, seed, ...settings }: Batch): Buffer[] {
  const answers = run(['php-generate.php', kind, String(count), String(seed)], settings)
  return answers.map((bytes) => bytes || Buffer.alloc(0))
}

function run(parameters: readonly string[], settings: Settings, input = ''): (Buffer | false)[] {
  const { precision, format = 'php' } = settings
  const ini = [`serialize_precision=${precision}`, `session.serialize_handler=${format}`]
  const [script = '', ...rest] = parameters
  const { stdout, stderr, status } = spawnSync(
    'php',
    ['-n', ...ini.flatMap((setting) => ['-d', setting]), SCRIPTS + script, ...rest],
    { input, maxBuffer: 2 ** 28, timeout: 60_000 },
  )
  if (status !== 0) throw new Error(`PHP ended with ${status}: ${stderr}${stdout}`.slice(0, 2000))
  const lines = stdout.toString('latin1').split('\n').slice(0, -1)
  return lines.map((line) => (line === 'false' ? false : Buffer.from(line, 'base64')))
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** Bytes for a test to show; where there are none, why. */
export function shown(bytes: Uint8Array | false | undefined): string {
  return bytes instanceof Uint8Array ? text(bytes) : String(bytes)
}

/** The first few places where two lists differ, each with both sides. */
export function differences(
  found: readonly string[],
  expected: readonly string[],
): { readonly index: number; readonly found: string | undefined; readonly expected: string }[] {
  return expected
    .flatMap((value, index) =>
      value === found[index] ? [] : [{ index, found: found[index], expected: value }],
    )
    .slice(0, 5)
}
