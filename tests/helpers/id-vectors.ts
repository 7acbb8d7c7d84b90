/** What real PHP made of random bytes: `tests/vectors/ids.jsonl`. */
import { readFileSync } from 'node:fs'
import type { BitsPerCharacter } from '../../src/id/encode.js'

interface Common {
  readonly id: string
  readonly category: string
}

/** Random bytes and the id of them; without `raw_b64` only the kind of id is known. */
export interface IdVector extends Common {
  readonly algo: 'modern' | 'legacy'
  readonly bits: BitsPerCharacter
  readonly length: number
  readonly raw_b64?: string
  readonly raw_used_bytes?: number
  readonly hash_function?: string
  readonly hashed_text?: string
  readonly entropy_b64?: string
  readonly id_out: string
}

/** What session_create_id() made of a prefix; `result` is false where it refused. */
export interface PrefixVector extends Common {
  readonly prefix_b64: string
  readonly bits: BitsPerCharacter
  readonly length: number
  readonly result: false | { readonly len: number }
}

/** Whether ini_set() took a value. */
export interface IniVector extends Common {
  readonly option: string
  readonly value: string
  readonly accepted: boolean
}

const rows = readFileSync(new URL('../vectors/ids.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as IdVector | PrefixVector | IniVector)

/** The rows whose category starts with a word. */
export function idVectors(kind: 'modern' | 'pattern' | 'legacy' | 'real'): IdVector[] {
  return rows.filter((row) => row.category.startsWith(kind)) as IdVector[]
}

export const prefixVectors = rows.filter((row) => row.category === 'prefix') as PrefixVector[]

export const iniVectors = rows.filter((row) => row.category === 'ini') as IniVector[]
