/** Small things done with bytes in several places. */

/** No bytes. Shared: nobody changes a payload. */
export const EMPTY: Uint8Array = new Uint8Array(0)

/** Whether two byte arrays hold the same. Not for secrets: it stops at the first difference. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && Buffer.compare(a, b) === 0)
}
