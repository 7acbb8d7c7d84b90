/** Any value that PHP has, in normal mode: what is written of it is read as the same value. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { phpValue } from '../helpers/php-values.js'
import { difference } from '../helpers/same-value.js'
import { text } from '../helpers/typed-value.js'

const RUNS = { numRuns: 10_000, includeErrorInReport: true }

/** Throws with what was written, which says more than the value does. */
export function assertSame(value: unknown, read: unknown, bytes: Uint8Array): void {
  const fault = difference(value, read)
  if (fault !== undefined) throw new Error(`${fault}, in ${JSON.stringify(text(bytes))}`)
}

describe('any value', () => {
  it('is read as the value that was written', () => {
    const held = fc.property(phpValue, (value) => {
      const bytes = serialize(value)
      assertSame(value, unserialize(bytes), bytes)
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})
