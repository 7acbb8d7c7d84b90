/** What is read and what is refused, with options and without, against real PHP. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DecodeError } from '../../src/errors.js'
import type { AnyClassCodec } from '../../src/php/class-codec.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference } from '../../src/php/values.js'
import { askPhp, differences, phpWrites, shown } from '../helpers/php-codec.js'
import { mutate, randoms, type Edit } from '../helpers/php-mutations.js'
import { words } from '../helpers/php-values.js'
import { describeWith } from '../helpers/services.js'
import { text } from '../helpers/typed-value.js'
import { codecOf, Instance } from '../helpers/vector-classes.js'

const SEED = 8_2_38
const COUNT = 3000

/** Classes that PHP has here, one that it has not, and their names in other letters. */
const KNOWN = ['stdClass', 'Vis', 'WithSleep', 'Suit', 'Status']
const NAMES = [...KNOWN, 'Missing', 'STDCLASS', 'vis', 'suit', 'Vi', '']

const { value: shallow } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', maxDepth: 6 },
    fc.constantFrom(null, 5, 0.5, 'text', [], new PhpEnum('Suit', 'Hearts')),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(words, tie('value'), { maxKeys: 2 }),
    fc
      .tuple(fc.constantFrom('stdClass', 'Vis', 'WithSleep', 'Missing', 'vis'), tie('value'))
      .map(([name, value]) => new PhpObject(name, value === null ? {} : { pub: value })),
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
  const byClass = /not found|not an enum|Undefined constant|Illegal member|Corrupt member|Error$|not allowed|Exception$|unserializer/ // prettier-ignore
  if (messages.some((message) => byClass.test(message))) return undefined
  const offset = said.find((text) => text !== undefined)
  return [accepted, offset === undefined ? undefined : Number(offset), made]
}

function ownVerdict(bytes: Uint8Array, options: object): Verdict {
  const made = new Map<unknown, string>()
  const keep = codecOf()
  const codecNamed = (name: string): AnyClassCodec => ({
    ...keep,
    read: (value) => {
      const instance = keep.read(value)
      made.set(instance, name)
      return instance
    },
  })
  const classes = Object.fromEntries(KNOWN.map((name) => [name, codecNamed(name)]))
  try {
    const all = within(unserialize(bytes, { ...options, classes }))
    const names = [...all].flatMap((value) => made.get(value) ?? [])
    return [true, undefined, [...new Set(names)].sort()]
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return [false, error.offset, []]
  }
}

/** Everything in a value, itself included; what another entry of its key replaced is not there. */
function within(root: unknown): Set<unknown> {
  const all = new Set([root])
  for (const value of all) {
    const image = value instanceof Instance ? value.value : value
    const parts = image instanceof PhpObject ? image.members : image
    if (typeof parts !== 'object' || parts === null || parts instanceof Uint8Array) continue
    const values = parts instanceof Map ? [...(parts as Map<unknown, unknown>).values()] : Object.values(parts) // prettier-ignore
    for (const part of values) all.add(part)
  }
  return all
}

/** Bytes, and options under their names there and here. */
interface Asked {
  readonly bytes: Uint8Array
  readonly php: object
  readonly own: object
}

/** Both verdicts on each text that not only a class decides, with the text. */
function verdictsOn(asked: readonly Asked[]): { readonly own: string[]; readonly php: string[] } {
  const answers = askPhp(
    asked.map(({ bytes, php }) => ({ operation: 'verdict', argument: php, bytes })),
  )
  const decided = asked.flatMap(({ bytes, own }, index) => {
    const verdict = verdictOf(answers[index])
    return verdict === undefined ? [] : [{ bytes, own, verdict }]
  })
  const about = (verdict: Verdict, { bytes, own }: Pick<Asked, 'bytes' | 'own'>): string =>
    `${JSON.stringify(verdict)} ${JSON.stringify(own)} ${text(bytes)}`
  return {
    own: decided.map((one) => about(ownVerdict(one.bytes, one.own), one)),
    php: decided.map((one) => about(one.verdict, one)),
  }
}

const refusals = (verdicts: readonly string[]): number =>
  verdicts.filter((verdict) => verdict.startsWith('[false')).length

describeWith('php', `unserialize() (seed ${SEED})`, () => {
  it(`has PHP's verdict on ${COUNT} texts under options`, { timeout: 90_000 }, () => {
    const asked = fc
      .sample(question, { seed: SEED, numRuns: COUNT })
      .map(({ value, damage, allowed, maxDepth }) => ({
        bytes: damaged(serialize(value), damage),
        php: { allowed_classes: allowed, max_depth: maxDepth },
        own: { allowedClasses: allowed, maxDepth },
      }))

    const { own, php } = verdictsOn(asked)
    expect(php.length).toBeGreaterThan(COUNT * 0.8)
    expect(refusals(php)).toBeGreaterThan(COUNT * 0.1)
    expect(differences(own, php)).toEqual([])
  })

  it("has PHP's verdict on 10,000 damaged texts that PHP wrote", { timeout: 90_000 }, () => {
    const random = randoms(SEED)
    const edit = (): Edit => [random(), random(), random()]
    const written = phpWrites({ kind: 'value', count: 5000, seed: SEED, precision: -1 })
    const asked = written.flatMap((bytes, index): Asked[] => {
      const other = written[index + 1] ?? bytes
      const texts = [mutate(bytes, other, [edit()]), mutate(bytes, other, [edit(), edit()])].filter(
        ({ length }) => length > 0,
      )
      return texts.map((bytes) => ({ bytes, php: { allowed_classes: false }, own: { allowedClasses: false } })) // prettier-ignore
    })

    const { own, php } = verdictsOn(asked)
    expect(php.length).toBeGreaterThan(9000)
    expect(refusals(php)).toBeGreaterThan(5000)
    expect(differences(own, php)).toEqual([])
  })
})
