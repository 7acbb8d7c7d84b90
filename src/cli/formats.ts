/**
 * Which format bytes have, where nobody says.
 *
 * @module
 */
import type { Serializer, SessionData } from '../serializer.js'
import { serializerFor } from '../serializers/registry.js'
import { Problem } from './problems.js'

export const FORMATS = ['php', 'php_binary', 'php_serialize', 'wddx', 'json', 'v8'] as const

export type Format = (typeof FORMATS)[number]

/** Formats that JavaScript has types enough for. */
const PLAIN: readonly string[] = ['json', 'v8']

/** A format that keeps what JavaScript has no type for, so that nothing is shown as something else. */
export function exactly(format: Format): Serializer {
  return PLAIN.includes(format) ? serializerFor(format) : serializerFor(format, { exact: true })
}

/** Bytes as a place has them: exactly, where its format is one of ours. */
export function readAs(serializer: Serializer, bytes: Uint8Array): Reading {
  const { name } = serializer
  const format = FORMATS.find((one) => one === name)
  const data = format && attempt(format, bytes)
  return { format: name, data: data ?? serializer.decode(bytes) }
}

/** What was read, and as what. */
export interface Reading {
  readonly format: string
  readonly data: SessionData
}

/** How payloads of a format begin, the most certain first; text says it in Latin-1. */
const BEGINNINGS: readonly [format: Format, beginning: RegExp][] = [
  ['wddx', /^\s*</],
  ['v8', /^\xff/],
  ['php_serialize', /^(?:a:\d+:\{|N;)/],
  ['json', /^\s*\{/],
  ['php', /^[^|]*\|/],
  ['php_binary', /^[\0-\x7f]/],
]

/** Sealed by our encryption, and by Defuse's. */
const SEALED = /^(?:\xf5SZ\x01|def50200)/

const HEAD = 4096

/**
 * Reads bytes as the first format that they begin like and can be read in.
 *
 * @throws {Problem} When there is none.
 */
export function readAsAny(bytes: Uint8Array): Reading {
  if (bytes.length === 0) return { format: 'php', data: {} }
  const head = Buffer.from(bytes.subarray(0, HEAD)).toString('latin1')
  if (SEALED.test(head))
    throw new Problem('this is encrypted; use show with the config that has the key')
  for (const [format, beginning] of BEGINNINGS) {
    if (!beginning.test(head)) continue
    const data = attempt(format, bytes)
    if (data !== undefined) return { format, data }
  }
  throw new Problem(`this is none of ${FORMATS.join(', ')}`)
}

function attempt(format: Format, bytes: Uint8Array): SessionData | undefined {
  try {
    return exactly(format).decode(bytes)
  } catch {
    return undefined
  }
}
