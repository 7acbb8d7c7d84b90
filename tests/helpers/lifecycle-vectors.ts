/** What PHP 8.2 did in the life of a session: statements, and what its save handler was called for. */
import { readFileSync } from 'node:fs'

export interface TraceEntry {
  readonly stmt?: string
  readonly result?: unknown
  readonly exception?: string
  readonly after?: { readonly id: string; readonly status: string; readonly session: unknown }
  readonly handler?: string
  readonly args?: readonly unknown[]
  readonly returned?: unknown
  readonly throws?: unknown
  readonly event?: string
}

export interface LifecycleVector {
  readonly id: string
  readonly category: string
  readonly name: string
  /** Which methods the save handler has. */
  readonly handler: string
  readonly ini: Readonly<Record<string, string | number>>
  readonly cookie_id: string | null
  readonly store_b64: Readonly<Record<string, string>>
  /** By method: what its calls return in the place of the usual, in order or for all (`*`). */
  readonly forced_returns: Readonly<Record<string, readonly unknown[] | { readonly '*': unknown }>>
  readonly steps: readonly string[]
  readonly trace: readonly TraceEntry[]
  readonly store_after: Readonly<Record<string, unknown>>
}

export const LIFECYCLE_VECTORS = JSON.parse(
  readFileSync(new URL('../vectors/lifecycle.json', import.meta.url), 'utf8'),
) as LifecycleVector[]

const WORDS: Readonly<Record<string, string>> = {
  open: 'open',
  close: 'close',
  create_sid: 'create',
  validateId: 'validate',
  updateTimestamp: 'touch',
}

/** A call on one line: what, of which id, with which payload. */
export function line(method: string, ...words: readonly unknown[]): string {
  const text = [WORDS[method] ?? method, ...words.map(String)].join(' ')
  // Ids of PHP's own generator are as random as ours.
  return text.replace(/\b[0-9a-f]{32}\b/g, 'random').trimEnd()
}

/** PHP's calls, a line each, and the statements among them as lines that begin with `> `. */
export function phpLines({ trace }: LifecycleVector): string {
  const lines = trace.flatMap((entry) => {
    if (entry.stmt !== undefined) return [`> ${entry.stmt}`]
    if (entry.event === 'end of script') return ['> end']
    return entry.handler === undefined ? [] : [callOf(entry)]
  })
  return `${lines.join('\n')}\n`
}

function callOf({ handler = '', args = [], returned, throws }: TraceEntry): string {
  const failed = throws === undefined ? '' : ' (throws)'
  if (handler === 'open' || handler === 'close') return line(handler) + failed
  if (handler === 'create_sid') return line(handler, returned ?? '') + failed
  return line(handler, ...args) + failed
}
