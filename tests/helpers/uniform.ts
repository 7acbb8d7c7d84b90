/** Pearson's test of a generator: is each character of the alphabet as frequent at each position? */

/**
 * Bounds of chi-square with 15, 31 and 63 degrees of freedom. `inner` leaves out 1 in 1,000 on the
 * upper side, `low` and `high` 1 in 10^12 each.
 */
const BOUNDS = {
  16: { low: 0.1814, inner: 37.697, high: 89.981 },
  32: { low: 2.391, inner: 61.098, high: 121.913 },
  64: { low: 12.75, inner: 103.442, high: 176.713 },
}

export interface Uniformity {
  readonly ids: number
  readonly distinct: number
  /** One value for each position. */
  readonly chiSquare: readonly number[]
  /** Positions beyond what chance gives once in 10^12 on either side: too uneven, or too even. */
  readonly impossible: number
  /** Positions beyond what chance gives once in 1,000. */
  readonly rare: number
}

/** Draws ids of one length over an alphabet and counts. */
export function uniformity(generate: () => string, ids: number, alphabet: string): Uniformity {
  const { length } = generate()
  const counts = Array.from({ length }, () => new Uint32Array(128))
  const seen = new Set<string>()
  for (let drawn = 0; drawn < ids; drawn += 1) {
    const id = generate()
    seen.add(id)
    count(id, counts)
  }
  const chiSquare = counts.map((each) => chi(each, ids, alphabet))
  const { low, inner, high } = BOUNDS[alphabet.length as keyof typeof BOUNDS]
  return {
    ids,
    distinct: seen.size,
    chiSquare,
    impossible: chiSquare.filter((value) => !(value > low && value < high)).length,
    rare: chiSquare.filter((value) => value > inner).length,
  }
}

function count(id: string, counts: readonly Uint32Array[]): void {
  for (let at = 0; at < counts.length; at += 1) {
    const of = counts[at] as Uint32Array
    const code = id.charCodeAt(at)
    of[code] = (of[code] ?? 0) + 1
  }
}

/** Infinite when a character outside the alphabet was seen. */
function chi(counts: Uint32Array, ids: number, alphabet: string): number {
  const observed = Array.from(alphabet, (character) => counts[character.charCodeAt(0)] ?? 0)
  const expected = ids / alphabet.length
  if (observed.reduce((sum, each) => sum + each, 0) !== ids) return Infinity
  return observed.reduce((sum, each) => sum + (each - expected) ** 2 / expected, 0)
}
