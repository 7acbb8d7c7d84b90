/**
 * The order of variables as it was read. JavaScript puts names that look like integers first; exact
 * mode writes them where they were.
 *
 * @module
 */
import type { SessionData } from '../serializer.js'

const orders = new WeakMap<SessionData, readonly string[]>()

/** Remembers the order the variables were read in. */
export function keepOrder(data: SessionData, names: readonly string[]): void {
  orders.set(data, names)
}

/** Names of the variables: in exact mode as they were read, and new ones behind them. */
export function namesOf(data: SessionData, exact: boolean): string[] {
  const names = Object.keys(data)
  const order = exact ? orders.get(data) : undefined
  if (order === undefined) return names
  const kept = order.filter((name) => Object.hasOwn(data, name))
  return [...new Set([...kept, ...names])]
}
