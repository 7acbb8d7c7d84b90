/**
 * The order of variables as it was read. JavaScript puts names that look like integers first; they are
 * written where they were.
 *
 * @module
 */
import type { SessionData } from '../serializer.js'
import { Byte } from './codes.js'

const orders = new WeakMap<SessionData, readonly string[]>()

/** Remembers the order the variables were read in. */
export function keepOrder(data: SessionData, names: readonly string[]): void {
  orders.set(data, names)
}

/** Whether JavaScript may not keep a name in its place. */
export function mayBeIndex(name: string): boolean {
  const first = name.charCodeAt(0)
  return first >= Byte.Zero && first <= Byte.Nine
}

/** Names of the variables: as they were read, and new ones behind them. */
export function namesOf(data: SessionData): string[] {
  const names = Object.keys(data)
  const order = orders.get(data)
  if (order === undefined) return names
  const kept = order.filter((name) => Object.hasOwn(data, name))
  return [...new Set([...kept, ...names])]
}
