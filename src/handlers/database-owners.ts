/**
 * Whom records belong to, as a column says it.
 *
 * @module
 */
import { EncodeError } from '../errors.js'
import type { SessionContext } from '../handler.js'
import type { SqlValue } from '../lib/sql.js'
import type { Layout } from '../stores/layouts.js'

/**
 * What is written into the column of the owner: nothing where nobody said anything, and `NULL` for
 * nobody.
 */
export function ownersOf({ name, owner: column }: Layout) {
  return ({
    ownership,
  }: Partial<Pick<SessionContext, 'ownership'>>): readonly SqlValue[] | undefined => {
    if (ownership === undefined || column === undefined) return undefined
    const { owner } = ownership
    if (owner === undefined) return [null]
    const value = column.value(owner)
    if (value === undefined) throw new EncodeError(name, 'its table cannot hold this owner')
    return [value]
  }
}
