/** Text that PHP was asked to unserialize, and what it said. */
import type { UnserializeOptions } from '../../src/php/codec-options.js'
import { fromBase64, text, vectors, type Typed } from './typed-value.js'

export interface BadRow {
  readonly id: string
  readonly category: string
  readonly input_b64: string
  /** PHP's, under PHP's names. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly result: 'value' | 'false' | 'throws'
  readonly offset?: number
  /** What was thrown: by an option or a class. */
  readonly exception?: string
  /** What PHP said beside the offset. */
  readonly why?: string
  /** What PHP read; missing where it is too deep to be described. */
  readonly value?: Typed
  /** What PHP writes for what it read. */
  readonly reserialized_b64?: string
}

export const badRows = vectors<BadRow>('unserialize-bad.jsonl')

export const inputOf = ({ input_b64 }: BadRow): Buffer => fromBase64(input_b64)

export const titleOf = (row: BadRow): string =>
  `${row.category} ${JSON.stringify(text(inputOf(row)).slice(0, 60))}`

const NAMES: Readonly<Record<string, string>> = {
  max_depth: 'maxDepth',
  allowed_classes: 'allowedClasses',
}

/** Our options for PHP's. */
export function optionsOf({ options = {} }: BadRow): UnserializeOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [NAMES[name] ?? name, value]),
  )
}
