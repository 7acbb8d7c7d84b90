import { randomFillSync } from 'node:crypto'

/** Positions with a row of words of their own; a longer id uses the rows again, turned by one bit. */
const POSITIONS = 32
/** Session ids are ASCII; any other character only shares a word with one that is. */
const CHARACTERS = 128

/**
 * Makes a hash of ids onto 32 bits, different in every process and every table.
 *
 * Tabulation hashing: each character picks a random word by its position. Nobody who does not know
 * the words can choose ids that meet in a table, and open addressing with it stays O(1).
 *
 * @see https://arxiv.org/abs/1011.5200 (Patrascu and Thorup: the power of simple tabulation hashing)
 */
export function idHash(): (id: string) => number {
  const words = randomFillSync(new Int32Array(POSITIONS * CHARACTERS))
  return (id) => {
    let hash = id.length
    for (let index = 0; index < id.length; index += 1) {
      const row = index & (POSITIONS - 1)
      if (row === 0) hash = (hash << 1) | (hash >>> 31)
      hash ^= words[row * CHARACTERS + (id.charCodeAt(index) & (CHARACTERS - 1))] as number
    }
    return hash
  }
}
