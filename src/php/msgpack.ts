/**
 * Tells MessagePack from other bytes, without reading any of its values.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 * @module
 */

/** How a value goes on behind its first byte. */
interface Shape {
  /** Bytes of a length or a count; for a value of a fixed size none. */
  readonly prefix: number
  /** Bytes behind that, or per counted entry how many values. */
  readonly size: number
  readonly values: number
}

const fixed = (size: number): Shape => ({ prefix: 0, size, values: 0 })
const sized = (prefix: number, size = 0): Shape => ({ prefix, size, values: 0 })
const counted = (prefix: number, values: number): Shape => ({ prefix, size: 0, values })

/** Of the first bytes 0xc0 to 0xdf, in their order; the second is never used. */
const SHAPES: readonly (Shape | undefined)[] = [
  ...[fixed(0), undefined, fixed(0), fixed(0)],
  ...[sized(1), sized(2), sized(4), sized(1, 1), sized(2, 1), sized(4, 1)],
  ...[4, 8, 1, 2, 4, 8, 1, 2, 4, 8].map(fixed),
  ...[2, 3, 5, 9, 17].map(fixed),
  ...[sized(1), sized(2), sized(4)],
  ...[counted(2, 1), counted(4, 1), counted(2, 2), counted(4, 2)],
]

const enum First {
  Map = 0x80,
  Array = 0x90,
  Text = 0xa0,
  Shaped = 0xc0,
  Text8 = 0xd9,
  Array16 = 0xdc,
  Map16 = 0xde,
  Map32 = 0xdf,
  Negative = 0xe0,
}

/** Whether the bytes are exactly what PHP makes of variables: an empty list, or a map by names. */
export function isMsgpackSession(bytes: Buffer): boolean {
  if (bytes[0] === First.Array) return bytes.length === 1
  const key = bytes[keyOf(bytes[0])]
  // PHP begins with nil where the variables are a reference, as those of a session are.
  return key !== undefined && isNameOrNil(key) && isOneValue(bytes)
}

/** Where the first key of a map is; beyond the end for what is none. */
function keyOf(first = 0): number {
  if (first >= First.Map && first < First.Array) return 1
  if (first === First.Map16) return 3
  return first === First.Map32 ? 5 : Infinity
}

function isNameOrNil(code: number): boolean {
  const isText = code >= First.Text && code <= First.Shaped
  return isText || (code >= First.Text8 && code < First.Array16)
}

/** Every value takes a byte, so this is linear and ends early on any claim that cannot hold. */
function isOneValue(bytes: Buffer): boolean {
  let at = 0
  for (let left = 1; left > 0; left -= 1) {
    const step = stepOver(bytes, at)
    if (step === undefined) return false
    at += step.size
    left += step.values
    if (left > bytes.length - at + 1) return false
  }
  return at === bytes.length
}

/** How long a value is without those in it, and how many are in it. */
function stepOver(bytes: Buffer, at: number): { size: number; values: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < First.Map || first >= First.Negative) return { size: 1, values: 0 }
  if (first < First.Array) return { size: 1, values: (first - First.Map) * 2 }
  if (first < First.Text) return { size: 1, values: first - First.Array }
  if (first < First.Shaped) return { size: 1 + first - First.Text, values: 0 }
  const shape = SHAPES[first - First.Shaped]
  if (shape === undefined || at + 1 + shape.prefix > bytes.length) return undefined
  const length = shape.prefix === 0 ? 0 : bytes.readUIntBE(at + 1, shape.prefix)
  const content = shape.values === 0 ? length : 0
  return { size: 1 + shape.prefix + shape.size + content, values: length * shape.values }
}
