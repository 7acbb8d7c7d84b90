/** Generated PHP values, as fast-check arbitraries; see php-plans.ts for how they come to be. */
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { PhpEnum, PhpFloat } from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { grow, growAll, phpKey, type GrowOptions, type Key, type Plan } from './php-plans.js'
import { wire } from './typed-value.js'

/** What values may be made of. */
export interface PlanOptions {
  readonly leaf: fc.Arbitrary<unknown>
  readonly classNames: readonly string[]
  /** Names of properties. */
  readonly member: fc.Arbitrary<Key>
  /** Whether objects may have serialized themselves. */
  readonly custom: boolean
}

/** Code points that parsers trip over, and some that they do not. */
const unit = fc.constantFrom(...'aaabcxyzé€😀ü"\\;:{}|!\0\n019-+ÿ\u0300\u2028')

/** Text without half a surrogate pair. */
export const words = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit, maxLength: 8 }) },
  { weight: 2, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '";}', 'a|i:1;', '', '7', '-5', '01', '-0', '1.0', '9223372036854775808') }, // prettier-ignore
  { weight: 1, arbitrary: fc.string({ unit, minLength: 28, maxLength: 36 }) },
)

/** Around 200 bytes the reader changes its way with text, around 32 the writer does. */
const longText = fc
  .tuple(fc.constantFrom('x', 'é', '€', '😀', 'ab€'), fc.integer({ min: 20, max: 220 }))
  .map(([piece, count]) => piece.repeat(count))

/** Bytes that are no text. */
export const binary = fc
  .tuple(
    fc.uint8Array({ maxLength: 6 }),
    fc.constantFrom('\xff', '\xc0\x80', '\xed\xa0\x80', '\xe2\x82'),
  ) // prettier-ignore
  .map(([bytes, broken]) => new Uint8Array(Buffer.concat([bytes, wire(broken)])))
  .filter((bytes) => !isUtf8(bytes))

/** Integers of 64 bits: numbers where those are exact, else bigints. */
export const integer = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
  fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 53 - 1, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n),
)

/** Any float, as a number. */
export const float = fc.oneof(
  fc.double(),
  fc.double({ min: -1000, max: 1000 }),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 0.1, 1e-4, 9.9e-5, 1e17, 1e22, 5e-324, 123456789012345680, 2.5, 1 / 3), // prettier-ignore
)

/** Values without parts, as they are read in normal mode. */
export const scalar = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(null, true, false) },
  { weight: 4, arbitrary: integer },
  { weight: 3, arbitrary: float },
  { weight: 6, arbitrary: words },
  { weight: 1, arbitrary: longText },
  { weight: 1, arbitrary: binary },
)

/** Cases of two enums; equal ones are one value for PHP. */
export const enumCase = fc
  .constantFrom(['Suit', 'Hearts'], ['Suit', 'Spades'], ['App\\Ünit', 'Größe'])
  .map(([className, caseName]) => new PhpEnum(className as string, caseName as string))

/** Keys of arrays, before PHP makes integers of some of them. */
export const arrayKey = fc.oneof(
  { weight: 5, arbitrary: words },
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 6 }) },
  { weight: 1, arbitrary: integer },
  { weight: 1, arbitrary: fc.constantFrom(0xffff_fffe, 0xffff_ffff) },
  { weight: 1, arbitrary: binary },
)

/** Names of properties with every visibility, and integers that a class wrote itself. */
export const memberKey = fc.oneof(
  { weight: 4, arbitrary: words.filter((name) => !name.startsWith('\0')) },
  { weight: 1, arbitrary: words.map((name) => `\0*\0${name.replaceAll('\0', '')}`) },
  { weight: 1, arbitrary: words.map((name) => `\0App\\Thing\0${name.replaceAll('\0', '')}`) },
  { weight: 1, arbitrary: fc.constantFrom<Key>(0, -7, 2n ** 60n, 'a\udcff', '\0*\0\udc80') },
)

/** Plans of values. */
export function plans(options: PlanOptions): fc.Arbitrary<Plan> {
  const { leaf, classNames, member, custom } = options
  const { plan, array, object } = fc.letrec<{
    plan: Plan
    items: Plan[]
    array: Plan
    object: Plan
  }>((tie) => ({
    plan: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 8, arbitrary: leaf.map((value): Plan => ({ kind: 'leaf', value })) },
      { weight: 3, arbitrary: tie('array') },
      { weight: 2, arbitrary: tie('object') },
      { weight: 2, arbitrary: tie('plan').map((item): Plan => ({ kind: 'reference', item })) },
      { weight: 4, arbitrary: fc.nat(5).map((pick): Plan => ({ kind: 'again', pick })) },
      { weight: custom ? 1 : 0, arbitrary: fc.constantFrom(...CUSTOM) },
    ),
    items: fc.array(tie('plan'), { maxLength: 5 }),
    array: fc.oneof(
      tie('items').map((items): Plan => ({ kind: 'array', keys: [...items.keys()], items })),
      fc.array(fc.tuple(arrayKey, tie('plan')), { maxLength: 5 }).map((entries): Plan => ({
        kind: 'array',
        ...apart(entries.map(([key, item]) => [phpKey(key), item])),
      })),
    ),
    object: fc
      .tuple(
        fc.constantFrom(...classNames),
        fc.array(fc.tuple(member, tie('plan')), { maxLength: 3 }),
      ) // prettier-ignore
      .map(([className, entries]): Plan => ({ kind: 'object', className, ...apart(entries) })),
  }))
  return fc.oneof(
    { weight: 2, arbitrary: plan },
    { weight: 3, arbitrary: array },
    { weight: 1, arbitrary: object },
  )
}

const CUSTOM = ['', 'x', 'i:1;', 'a:2:{i:0;i:1;i:1;N;}', 'a:1:{', '\0"};\xff'].map(
  (data): Plan => ({ kind: 'custom', className: 'Own', data: new Uint8Array(wire(data)) }),
)

/** Without a second entry of a key. */
function apart(entries: readonly (readonly [Key, Plan])[]): { keys: Key[]; items: Plan[] } {
  const known = new Map<string, readonly [Key, Plan]>()
  for (const entry of entries) {
    const [key] = entry
    const content = typeof key === 'object' ? Buffer.from(key).toString('latin1') : String(key)
    const name = `${typeof key === 'bigint' ? 'number' : typeof key} ${content}`
    if (!known.has(name)) known.set(name, entry)
  }
  const kept = [...known.values()]
  return { keys: kept.map(([key]) => key), items: kept.map(([, item]) => item) }
}

const CLASS_NAMES = ['App\\Thing', 'stdClass', 'Ünï', 'A\udcff', '__proto__']

const normal = plans({
  leaf: fc.oneof({ weight: 9, arbitrary: scalar }, { weight: 1, arbitrary: enumCase }),
  classNames: CLASS_NAMES,
  member: memberKey,
  custom: true,
})

/** Any value, as it is read in normal mode: equal to what is read from what is written of it. */
export const phpValue: fc.Arbitrary<unknown> = normal.map((plan) => grow(plan))

/** Floats that JavaScript would take for an int, and texts that are not the shortest. */
const exactFloat = fc.oneof(
  fc.integer().map((value) => new PhpFloat(value)),
  fc.maxSafeInteger().map((value) => new PhpFloat(value)),
  fc.constantFrom(
    new PhpFloat(0.1, '0.10000000000000001'),
    new PhpFloat(5, '5.0'),
    new PhpFloat(1e25, '10000000000000000905969664'),
    new PhpFloat(-0, '-0.0'),
    new PhpFloat(0, '1e-999'),
  ),
)

const exact = plans({
  leaf: fc.oneof(
    { weight: 8, arbitrary: scalar },
    { weight: 1, arbitrary: enumCase },
    { weight: 2, arbitrary: exactFloat },
  ),
  classNames: CLASS_NAMES,
  member: memberKey,
  custom: true,
})

/** Any value, as it is read in exact mode: floats with their text, references to objects. */
export const exactValue: fc.Arbitrary<unknown> = exact.map((plan) =>
  grow(plan, { objectReferences: true }),
)

/** Names of variables: mostly such as every format has, some that one of them refuses. */
export const variableName = fc.oneof(
  { weight: 12, arbitrary: words.filter((name) => !name.includes('|')) },
  { weight: 1, arbitrary: fc.constantFrom('!a', '7', '-5', '007', 'a\udcff', '\udc80') },
)

const oddName = fc.constantFrom('a|b', '|', '\ud800', '\udcff\udc80', '\udcc3\udca9', 'n'.repeat(128), 'é'.repeat(64)) // prettier-ignore

/** Variables of a session in normal mode; some are the same object or the same reference. */
export const sessionData: fc.Arbitrary<SessionData> = sessions(variableName, normal, {
  objectReferences: false,
})

/** Variables of a session in exact mode. */
export const exactSessionData: fc.Arbitrary<SessionData> = sessions(variableName, exact, {
  objectReferences: true,
})

/** Variables of which some have names that a format may not have. */
export const oddSessionData: fc.Arbitrary<SessionData> = sessions(
  fc.oneof({ weight: 9, arbitrary: variableName }, { weight: 1, arbitrary: oddName }),
  normal,
  { objectReferences: false },
)

/** Variables with names and values of any kind. */
export function sessions(
  name: fc.Arbitrary<string>,
  plan: fc.Arbitrary<Plan>,
  options: GrowOptions,
): fc.Arbitrary<SessionData> {
  return fc.array(fc.tuple(name, plan), { maxLength: 3 }).map((entries) => {
    // In the order of an object, where integers come first: it decides what is a first place.
    const unique = Object.entries(Object.fromEntries(entries))
    const values = growAll(unique.map(([, plan]) => plan), options) // prettier-ignore
    const data = Object.create(null) as SessionData
    unique.forEach(([key], index) => (data[key] = values[index]))
    return data
  })
}

const classSafe = plans({
  leaf: fc.oneof(
    { weight: 9, arbitrary: scalar },
    { weight: 1, arbitrary: fc.constantFrom('Hearts', 'Spades').map((suit) => new PhpEnum('Suit', suit)) }, // prettier-ignore
  ),
  classNames: ['stdClass', 'App\\Unknown'],
  member: fc.oneof(
    { weight: 4, arbitrary: words.filter((name) => !name.startsWith('\0')) },
    { weight: 1, arbitrary: words.map((name) => `\0*\0${name.replaceAll('\0', '')}`) },
  ),
  custom: false,
})

/**
 * Values that real PHP reads and writes back as they are: objects of `stdClass` and of unknown
 * classes, cases of the enum `Suit` (which the script that PHP runs has to declare).
 */
export const classSafeValue: fc.Arbitrary<unknown> = classSafe.map((plan) => grow(plan))

/** Such values as variables, with names that every format of PHP has. */
export const classSafeSession: fc.Arbitrary<SessionData> = sessions(
  words.filter((name) => !/^-?\d+$|\|/.test(name)),
  classSafe,
  { objectReferences: false },
)
