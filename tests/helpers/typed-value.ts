/** PHP values as the vectors write them down; see typed-build.ts and typed-match.ts. */
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { nameText } from '../../src/php/names.js'

export type Name = string | { readonly b64: string }
export type Property = readonly [name: Name, visibility: string, value: Typed]
export type Entries = readonly (readonly [key: Typed, value: Typed])[]

export interface Typed {
  readonly t: string
  readonly v?: unknown
  readonly b64?: string
  readonly entries?: Entries
  readonly props?: readonly Property[]
  readonly magic?: string
  /** Whether PHP did not know the class. */
  readonly incomplete?: boolean
  readonly class?: Name
  readonly case?: Name
  readonly data_b64?: string
  readonly kind?: 'r' | 'R'
  readonly to?: number
  readonly slot?: number
}

/** The rows of a file of `tests/vectors`. Large ones are compressed: `{"id", "brotli"}`. */
export function vectors<T>(file: string): T[] {
  const lines = readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => row(JSON.parse(line)) as T)
}

function row(value: object): unknown {
  if (!('brotli' in value)) return value
  return JSON.parse(brotliDecompressSync(fromBase64(String(value.brotli))).toString('utf8'))
}

/** Rows with the names of their tests, for `it.each`. */
export function named<T extends { readonly id: string }>(
  rows: readonly T[],
  describe: (row: T) => string,
): (readonly [name: string, row: T])[] {
  return rows.map((row) => [`${row.id} ${describe(row)}`.trimEnd(), row] as const)
}

export const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64')

/** Bytes one character each, to write wire formats down in a test. */
export const wire = (text: string): Buffer => Buffer.from(text, 'latin1')
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

export const nameOf = (name: Name = ''): string =>
  typeof name === 'string' ? name : nameText(fromBase64(name.b64))

export function floatOf(hex: unknown): number {
  return Buffer.from(String(hex).slice(2), 'hex').readDoubleBE()
}

/** The other way round. */
export function hexOf(float: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(float)
  return `0x${bytes.toString('hex')}`
}

/** Whether JavaScript cannot tell the float from an int. */
export function isWhole(float: number): boolean {
  return Number.isSafeInteger(float) && !Object.is(float, -0)
}

/** Whether somewhere in it is a float that JavaScript cannot tell from an int. */
export function hasWholeFloat(value: Typed): boolean {
  return value.t === 'float' ? isWhole(floatOf(value.v)) : childrenOf(value).some(hasWholeFloat)
}

export function childrenOf({ entries = [], props = [] }: Typed): Typed[] {
  return [...entries.map(([, value]) => value), ...props.map(([, , value]) => value)]
}
