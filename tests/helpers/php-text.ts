/**
 * Text as PHP writes it, generated from PHP's grammar and not by the writer that is tested: canonical
 * numbers, floats at several precisions, names with their visibility, `r` and `R` with the slots
 * that PHP would give.
 */
import fc from 'fast-check'
import { layOut } from './naive-php-writer.js'
import { phpKey } from './php-plans.js'
import { binary, float, integer, words } from './php-values.js'
import { text as latin, wire } from './typed-value.js'

/** A piece of text that is still to be given its slots. */
type Piece =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'array' | 'object'; readonly head: string; readonly entries: readonly Entry[] }
  | { readonly kind: 'enum'; readonly text: string }
  | { readonly kind: 'custom'; readonly data: string; readonly inside: number }
  | { readonly kind: 'again'; readonly pick: number; readonly byReference: boolean }

type Entry = readonly [key: string, value: Piece]

interface Numbering {
  slot: number
  /** Slots of objects, and of other values that may be references. */
  readonly objects: number[]
  readonly others: number[]
  readonly enums: Map<string, number>
}

/** Bytes of a string as PHP writes them. */
const quoted = (raw: string): string => `s:${raw.length}:"${raw}";`

const rawText = fc.oneof(
  { weight: 6, arbitrary: words.map((word) => latin(Buffer.from(word))) },
  { weight: 1, arbitrary: binary.map((bytes) => latin(bytes)) },
)

/** PHP's text of a float: `serialize_precision` -1, or so many digits, ties to even. */
export function floatText(value: number, precision: number): string {
  if (Number.isNaN(value)) return 'NAN'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const size = Math.abs(value)
  if (size === Infinity) return `${sign}INF`
  const [mantissa = '', exponent = ''] = size.toExponential(precision < 0 ? undefined : 100).split('e') // prettier-ignore
  const digits = mantissa.replace('.', '')
  const point = Number(exponent) + 1
  if (precision < 0) return sign + layOut(digits, point, 17)
  const kept = BigInt(digits.slice(0, precision))
  const rest = digits.slice(precision)
  const half = '5'.padEnd(rest.length, '0')
  const rounded = String(rest > half || (rest === half && kept % 2n === 1n) ? kept + 1n : kept)
  const shift = size === 0 ? 0 : rounded.length - precision
  return sign + layOut(rounded.replace(/0+$/, ''), point + shift, precision)
}

const scalar: fc.Arbitrary<Piece> = fc
  .oneof(
    { weight: 2, arbitrary: fc.constantFrom('N;', 'b:0;', 'b:1;') },
    { weight: 3, arbitrary: integer.map((value) => `i:${value};`) },
    { weight: 1, arbitrary: fc.tuple(float, fc.constantFrom(-1, 17, 14, 20)).map(([value, precision]) => `d:${floatText(value, precision)};`) }, // prettier-ignore
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: -99, max: 99 }), fc.constantFrom(-1, 17)).map(([value, precision]) => `d:${floatText(value, precision)};`) }, // prettier-ignore
    { weight: 4, arbitrary: rawText.map(quoted) },
  )
  .map((text) => ({ kind: 'scalar', text }))

/** A key of an array: an integer wherever the string is one. */
const arrayKey = fc
  .oneof(rawText, fc.integer({ min: -2, max: 5 }), integer)
  .map((key) => (typeof key === 'string' ? phpKey(key) : key))
  .map((key) => (typeof key === 'string' ? quoted(key) : `i:${String(key)};`))

/** Properties by name, numeric ones included, as any class has them. */
const property = fc
  .tuple(rawText, fc.constantFrom('', '', '\0*\0', '\0App\\Thing\0', '\0\xc3\x9cn\xff\0'))
  .map(([name, owner]) => quoted(owner + name.replaceAll('\0', '')))

const className = fc
  .constantFrom('stdClass', 'App\\Thing', '\xc3\x9cn', 'A\xff', '9a')
  .map((name) => `${name.length}:"${name}":`)

const apart = (entries: readonly Entry[]): Entry[] => [...new Map(entries)].map(([key, value]) => [key, value]) // prettier-ignore

/** Data of objects that serialized themselves, with how many slots; `@` is an object met before. */
const CUSTOM = [
  { data: '', inside: 0 },
  { data: 'x|i:1;', inside: 0 },
  { data: 'i:1;', inside: 1 },
  { data: '@', inside: 1 },
  { data: 'a:2:{i:0;s:1:"}";i:1;a:0:{}}', inside: 3 },
].map((custom): Piece => ({ kind: 'custom', ...custom }))

const ENUMS = ['E:11:"Suit:Hearts";', 'E:11:"Suit:Spades";', 'E:7:"A\\\xc3\x9c:B\xff";']

const { piece } = fc.letrec<{ piece: Piece; array: Piece; object: Piece }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: scalar },
    { weight: 3, arbitrary: tie('array') },
    { weight: 3, arbitrary: tie('object') },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('again' as const), pick: fc.nat(5), byReference: fc.boolean() }) }, // prettier-ignore
    { weight: 1, arbitrary: fc.constantFrom(...ENUMS).map((text): Piece => ({ kind: 'enum', text })) }, // prettier-ignore
    { weight: 1, arbitrary: fc.constantFrom(...CUSTOM) },
  ),
  array: fc
    .oneof(
      fc.array(tie('piece'), { maxLength: 4 }).map((items) => items.map((item, index): Entry => [`i:${index};`, item])), // prettier-ignore
      fc.array(fc.tuple(arrayKey, tie('piece')), { maxLength: 4 }).map(apart),
    )
    .map((entries): Piece => ({ kind: 'array', head: 'a:', entries })),
  object: fc
    .tuple(
      className,
      fc.oneof(
        { weight: 3, arbitrary: fc.array(fc.tuple(property, tie('piece')), { maxLength: 3 }) },
        { weight: 1, arbitrary: fc.array(fc.tuple(arrayKey, tie('piece')), { maxLength: 3 }) },
      ),
    ) // prettier-ignore
    .map(([head, entries]): Piece => ({
      kind: 'object',
      head: `O:${head}`,
      entries: apart(entries),
    })),
}))

/** Writes a piece. `shareable` is whether this place may be a reference. */
function render(value: Piece, numbering: Numbering, shareable: boolean): string {
  if (value.kind === 'again') return renderAgain(value, numbering)
  if (value.kind === 'enum') {
    const known = numbering.enums.get(value.text)
    if (known !== undefined) {
      numbering.slot += 1
      return `r:${known};`
    }
    numbering.enums.set(value.text, numbering.slot + 1)
  }
  numbering.slot += 1
  const isObject = value.kind !== 'scalar' && value.kind !== 'array'
  if (isObject) numbering.objects.push(numbering.slot)
  else if (shareable) numbering.others.push(numbering.slot)
  if (value.kind === 'custom') return renderCustom(value, numbering)
  if ('text' in value) return value.text
  const body = value.entries.map(([key, item]) => key + render(item, numbering, true)).join('')
  return `${value.head}${value.entries.length}:{${body}}`
}

/** Slots go on in the data. */
function renderCustom({ data, inside }: Piece & { kind: 'custom' }, numbering: Numbering): string {
  numbering.slot += inside
  const [first = numbering.slot] = numbering.objects
  const text = data.replace('@', first <= numbering.slot - inside ? `r:${first};` : 'N;')
  return `C:3:"Own":${text.length}:{${text}}`
}

/** The same object, or a reference to any value; null where there is nothing yet. */
function renderAgain(
  { pick, byReference }: Piece & { kind: 'again' },
  numbering: Numbering,
): string {
  const { objects, others } = numbering
  const targets = byReference ? [...objects, ...others].sort((a, b) => a - b) : objects
  const slot = targets[pick % Math.max(targets.length, 1)]
  if (slot !== undefined && byReference) return `R:${slot};`
  numbering.slot += 1
  if (slot !== undefined) return `r:${slot};`
  numbering.others.push(numbering.slot)
  return 'N;'
}

const start = (slot: number): Numbering => ({ slot, objects: [], others: [], enums: new Map() })

/** What `serialize()` of PHP could have written. */
export const phpText: fc.Arbitrary<Buffer> = piece.map((value) =>
  wire(render(value, start(0), false)),
)

const NAME = fc.oneof(
  { weight: 8, arbitrary: rawText.filter((name) => !name.includes('|') && name.length < 128) },
  { weight: 1, arbitrary: fc.constantFrom('7', '-5', '0', '007', '!a', '4294967295') },
)

/**
 * What a session serializer of PHP could have written, some variables in it. None begins as a list
 * or map of MessagePack does: such a one may be taken for a session in that format.
 */
export function sessionText(format: string): fc.Arbitrary<Buffer> {
  const whole = format === 'php_serialize'
  const variables = fc.array(fc.tuple(NAME, piece), { maxLength: 3 }).map((entries) => {
    const numbering = start(whole ? 1 : 0)
    const body = [...new Map(entries)].map(([name, value]) => nameIn(format, name) + render(value, numbering, true)) // prettier-ignore
    return wire(whole ? `a:${body.length}:{${body.join('')}}` : body.join(''))
  })
  return variables.filter((bytes) => !/^[\x80-\x9f\xdc-\xdf]/.test(bytes.toString('latin1')))
}

function nameIn(format: string, name: string): string {
  if (format === 'php') return `${name}|`
  if (format === 'php_binary') return String.fromCharCode(name.length) + name
  const key = phpKey(name)
  return typeof key === 'string' ? quoted(key) : `i:${String(key)};`
}
