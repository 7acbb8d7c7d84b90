/** Options that decide what is read, and the digits of floats, against real PHP. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DecodeError } from '../../src/errors.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { PhpEnum, PhpFloat, PhpObject, PhpReference } from '../../src/php/values.js'
import { askPhp, differences, shown } from '../helpers/php-codec.js'
import { words } from '../helpers/php-values.js'
import { describeWith } from '../helpers/services.js'
import { text } from '../helpers/typed-value.js'
import { codecOf } from '../helpers/vector-classes.js'

const SEED = 8_2_38
const COUNT = 3000

/** Classes that PHP has here, one that it has not, and their names in other letters. */
const KNOWN = ['stdClass', 'Vis', 'WithSleep', 'Suit']
const NAMES = [...KNOWN, 'Missing', 'STDCLASS', 'vis', 'suit', 'Vi', '']

const { value: shallow } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', maxDepth: 6 },
    fc.constantFrom(null, 5, 0.5, 'text', [], new PhpEnum('Suit', 'Hearts')),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(words, tie('value'), { maxKeys: 2 }),
    fc
      .tuple(fc.constantFrom('stdClass', 'Vis', 'WithSleep', 'Missing', 'vis'), tie('value'))
      .map(([name, value]) => new PhpObject(name, { pub: value })),
    tie('value').map((value) => (value instanceof PhpReference ? value : new PhpReference(value))),
  ),
}))

/** What is asked: bytes, some of them damaged, under options. */
const question = fc.record({
  value: shallow.map((value) => [value]),
  /** Where a byte is another one. */
  damage: fc.option(fc.tuple(fc.nat(), fc.constantFrom(...'0129:;{}"abiOsRr')), { freq: 3 }),
  allowed: fc.oneof(fc.boolean(), fc.subarray(NAMES)),
  maxDepth: fc.oneof(fc.constant(0), fc.nat(7)),
})

type Verdict = readonly [accepted: boolean, offset: number | undefined, made: readonly string[]]

function damaged(bytes: Uint8Array, damage: readonly [number, string] | null): Uint8Array {
  if (damage !== null) bytes[damage[0] % bytes.length] = damage[1].charCodeAt(0)
  return bytes
}

/** What PHP says; `undefined` where only its classes decided. */
function verdictOf(answer: Buffer | false | undefined): Verdict | undefined {
  const [accepted, messages, made] = JSON.parse(shown(answer)) as [boolean, string[], string[]]
  const said = messages.map((message) => /Error at offset (\d+)/.exec(message)?.[1])
  const byClass = /not found|not an enum|Undefined constant|Illegal member|Error$|not allowed|Exception$|unserializer/ // prettier-ignore
  if (messages.some((message) => byClass.test(message))) return undefined
  const offset = said.find((text) => text !== undefined)
  return [accepted, offset === undefined ? undefined : Number(offset), made]
}

function ownVerdict(bytes: Uint8Array, options: object): Verdict {
  const made = new Set<string>()
  const classes = Object.fromEntries(
    KNOWN.map((name) => [name, codecOf(() => void made.add(name))]),
  )
  try {
    unserialize(bytes, { ...options, classes })
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return [false, error.offset, []]
  }
  return [true, undefined, [...made].sort()]
}

describeWith('php', `unserialize() with options (seed ${SEED})`, () => {
  it(`gets PHP's verdict on ${COUNT} texts`, { timeout: 90_000 }, () => {
    const asked = fc
      .sample(question, { seed: SEED, numRuns: COUNT })
      .map(({ value, damage, allowed, maxDepth }) => ({
        bytes: damaged(serialize(value), damage),
        php: { allowed_classes: allowed, max_depth: maxDepth },
        own: { allowedClasses: allowed, maxDepth },
      }))

    const answers = askPhp(
      asked.map(({ bytes, php }) => ({ operation: 'verdict', argument: php, bytes })),
    )
    const decided = asked.flatMap(({ bytes, own }, index) => {
      const verdict = verdictOf(answers[index])
      const about = `${JSON.stringify(own)} ${text(bytes)} `
      return verdict === undefined ? [] : [{ bytes, own, about, verdict }]
    })

    const found = decided.map(({ bytes, own, about }) => about + JSON.stringify(ownVerdict(bytes, own))) // prettier-ignore
    const expected = decided.map(({ about, verdict }) => about + JSON.stringify(verdict))
    expect(decided.length).toBeGreaterThan(COUNT * 0.8)
    expect(decided.filter(({ verdict }) => !verdict[0]).length).toBeGreaterThan(COUNT * 0.1)
    expect(differences(found, expected)).toEqual([])
  })
})

const PRECISIONS = [...Array(21).keys(), 40, 100]

/** Floats of all kinds, many of them ties at some precision. */
const floats = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.tuple(fc.maxSafeInteger(), fc.nat(60)).map(([digits, shift]) => digits / 2 ** shift),
  fc.tuple(fc.integer(), fc.nat(9)).map(([digits, places]) => digits / 10 ** places),
  fc.integer().map((value) => value + 0.5),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 5e-324, 1e22, 9.5, 99.5, 0.00095, 999999.5),
)

describeWith('php', `serialize_precision (seed ${SEED})`, () => {
  const values = fc.sample(floats, { seed: SEED, numRuns: COUNT })
  const bytes = Buffer.concat(
    values.map((value) => Buffer.from(Float64Array.of(value).buffer).swap64()),
  )

  it(`has the digits of PHP for ${COUNT} floats, from 0 to 100`, { timeout: 90_000 }, () => {
    const answers = askPhp(
      PRECISIONS.map((precision) => ({ operation: 'floats', argument: precision, bytes })),
    )
    PRECISIONS.forEach((precision, index) => {
      const own = values.map((value) => text(serialize(new PhpFloat(value), { precision })))

      expect(differences(own, shown(answers[index]).split('\n'))).toEqual([])
    })
  })
})
