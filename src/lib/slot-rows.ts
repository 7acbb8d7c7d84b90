/**
 * Rows of a table in slots 0..size-1, without an object per row: numbers lie in typed arrays, the
 * text is one string. Memory grows and shrinks a block at a time, so no growth copies what is there.
 *
 * @module
 */

/** No slot. */
export const NONE = -1

/** The whole numbers of a row by their index. An order takes two: the older neighbour, the newer. */
export const HASH = 0
export const ID_LENGTH = 1
export const BY_USE = 2
export const BY_AGE = 4
const FIELD_COUNT = 6

const BLOCK_BITS = 10
const BLOCK_ROWS = 1 << BLOCK_BITS
const IN_BLOCK = BLOCK_ROWS - 1

interface Block {
  readonly numbers: Int32Array
  readonly times: Float64Array
  readonly texts: string[]
}

export interface SlotRows {
  get(slot: number, field: number): number
  set(slot: number, field: number, value: number): void
  time(slot: number): number
  setTime(slot: number, time: number): void
  text(slot: number): string
  setText(slot: number, text: string): void
  /** Copies a row over another one. */
  copy(from: number, to: number): void
  /** Makes room for so many rows, and gives back what lies a block or more above. */
  resize(rows: number): void
}

export function slotRows(): SlotRows {
  const blocks: Block[] = []
  const blockOf = (slot: number) => blocks[slot >>> BLOCK_BITS] as Block
  const indexOf = (slot: number, field: number) => (slot & IN_BLOCK) * FIELD_COUNT + field

  return {
    get: (slot, field) => blockOf(slot).numbers[indexOf(slot, field)] as number,
    set(slot, field, value) {
      blockOf(slot).numbers[indexOf(slot, field)] = value
    },
    time: (slot) => blockOf(slot).times[slot & IN_BLOCK] as number,
    setTime(slot, time) {
      blockOf(slot).times[slot & IN_BLOCK] = time
    },
    text: (slot) => blockOf(slot).texts[slot & IN_BLOCK] as string,
    setText(slot, text) {
      blockOf(slot).texts[slot & IN_BLOCK] = text
    },
    copy(from, to) {
      const source = blockOf(from)
      const target = blockOf(to)
      const start = indexOf(from, 0)
      for (let field = 0; field < FIELD_COUNT; field += 1) {
        target.numbers[indexOf(to, field)] = source.numbers[start + field] as number
      }
      target.times[to & IN_BLOCK] = source.times[from & IN_BLOCK] as number
      target.texts[to & IN_BLOCK] = source.texts[from & IN_BLOCK] as string
    },
    resize(rows) {
      while (blocks.length << BLOCK_BITS < rows) blocks.push(emptyBlock())
      while ((blocks.length - 1) << BLOCK_BITS > rows + BLOCK_ROWS) blocks.pop()
    },
  }
}

function emptyBlock(): Block {
  return {
    numbers: new Int32Array(BLOCK_ROWS * FIELD_COUNT),
    times: new Float64Array(BLOCK_ROWS),
    texts: new Array<string>(BLOCK_ROWS).fill(''),
  }
}
