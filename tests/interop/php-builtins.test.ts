/** PHP's own classes refuse here what they refuse there. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  checkBuiltIn,
  checkBuiltInData,
  isBuiltInClass,
  refusedClass,
} from '../../src/php/builtins.js'
import { serialize } from '../../src/php/serialize.js'
import {
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../src/php/values.js'
import { phpLines } from '../helpers/php-lines.js'
import { describeWith } from '../helpers/services.js'

const php = <T>(lines: readonly string[]): T[] => phpLines('./php-verdicts.php', lines)

/** Inner objects are checked as the outer ones are. */
function accepts(value: unknown): boolean {
  if (value instanceof PhpReference) return accepts(value.value)
  if (value instanceof PhpObject) {
    return [...value.members.values()].every(accepts) && checkBuiltIn(value)
  }
  if (value instanceof PhpSerializable) return checkBuiltInData(value)
  if (Array.isArray(value)) return value.every(accepts)
  return value instanceof Map ? [...(value as Map<unknown, unknown>).values()].every(accepts) : true
}

function object(className: string, members: Readonly<Record<string, unknown>>): PhpObject {
  const made = new PhpObject(className)
  for (const [key, value] of Object.entries(members)) {
    made.members.set(/^\d$/.test(key) ? Number(key) : key, value)
  }
  return made
}

const date = (className: string): PhpObject =>
  object(className, { date: '2024-01-01 10:00:00.123456', timezone_type: 3, timezone: 'UTC' })
const plain = (): PhpObject => object('Plain', { a: 1 })
const storedArray = { 0: 0, 1: [1], 2: [], 3: null }
const list = { 0: 4, 1: [1, 2], 2: [] }
const period = {
  start: date('DateTime'),
  current: null,
  end: null,
  interval: object('DateInterval', { y: 0, m: 0, d: 1, h: 0, i: 0, s: 0, f: 0, days: false }),
  recurrences: 3,
  include_start_date: true,
  include_end_date: false,
}
const thrown = {
  '\0*\0message': 'x', '\0Exception\0string': '', '\0*\0code': 0, '\0*\0file': 'f', '\0*\0line': 1,
  '\0Exception\0trace': [], '\0Exception\0previous': null, line: 2, string: 's', trace: [],
} // prettier-ignore

/** Data that each class takes. */
const TAKEN: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ...['DateTime', 'datetimeimmutable'].map((name) => [name, { date: '2024-01-01 10:00:00.5', timezone_type: 3, timezone: 'UTC' }] as const), // prettier-ignore
  ...[1, 2, 3].map((type) => ['DateTimeZone', { timezone_type: type, timezone: 'UTC' }] as const),
  ['DateInterval', { y: 0, m: 0, d: 1, days: false, from_string: false }],
  ['DatePeriod', period],
  ...['ArrayObject', 'ArrayIterator', 'RecursiveArrayIterator'].map((name) => [name, storedArray] as const), // prettier-ignore
  ['ARRAYOBJECT', { ...storedArray, 0: 0x100_0000 }],
  ...['SplDoublyLinkedList', 'SplQueue', 'splStack'].map((name) => [name, list] as const),
  ['SplObjectStorage', { 0: [plain(), 1, date('DateTime'), null], 1: [] }],
  ['SplFixedArray', { 0: 1, 1: 2 }],
  ['Exception', thrown],
  ['ErrorException', { ...thrown, '\0*\0severity': 1, severity: 2 }],
  ['RuntimeException', { '\0*\0file': 'f', file: 'f', previous: null, trace: [] }],
]

/**
 * A value of each kind, as a member where another may belong. No object of a program's class: only
 * PHP knows what that extends.
 */
const kinds = (): unknown[] => [
  null, true, 0, 5, -1, 2 ** 31, 2n ** 62n, 1.5, new PhpFloat(5), '', 'x', '5', 'UTC',
  Uint8Array.of(255), [], [1], [plain(), 2], [1, 2], new Map([['a', 1]]),
  object('stdClass', {}), new PhpEnum('Suit', 'Hearts'), date('DateTime'), date('DateTimeImmutable'),
  object('DateInterval', {}), object('SplFixedArray', {}), object('Exception', {}),
  object('TypeError', {}), object('SplQueue', list), object('ArrayObject', storedArray),
] // prettier-ignore

/** Each member changed in every way, left out, and one more. */
function variants(className: string, data: Readonly<Record<string, unknown>>): PhpObject[] {
  const names = Object.keys(data)
  return [
    object(className, data),
    object(className, {}),
    object(className, { ...data, 7: 1, more: 'x' }),
    ...names.map((name) => object(className, Object.fromEntries(Object.entries(data).filter(([key]) => key !== name)))), // prettier-ignore
    ...names.flatMap((name) => kinds().map((kind) => object(className, { ...data, [name]: kind }))),
  ]
}

/** What differs from PHP, as text; the bytes may be binary. */
function compare(values: readonly unknown[]): void {
  const bytes = values.map((value) => Buffer.from(serialize(value)))
  const verdicts = php<boolean>(bytes.map((each) => `bytes ${each.toString('base64')}`))
  const rows = (found: readonly boolean[]): string[] =>
    bytes.map((each, index) => `${String(found[index])} ${each.toString('latin1')}`)

  expect(rows(values.map(accepts))).toEqual(rows(verdicts))
}

describeWith('php', "PHP's own classes", () => {
  it('are refused by name where PHP 8.2 refuses them: all that it declares', () => {
    const [classes = []] = php<[string, boolean, boolean, boolean][]>(['classes'])
    const ours = classes.map(([name]) => [
      name,
      !refusedClass(name) && accepts(new PhpObject(name)),
      !refusedClass(name),
      !isBuiltInClass(name),
    ])

    expect(classes.length).toBeGreaterThan(100)
    expect(ours).toEqual(classes)
  })

  it.each(TAKEN)('take data as PHP does: %s', (className, data) => {
    expect(accepts(object(className, data))).toBe(true)
    compare(variants(className, data).filter((value) => !dependsOnPhp(value)))
  })

  it('know iterators by name', () => {
    const names = ['ArrayIterator', 'arrayiterator', '\\ArrayIterator', 'Iterator', 'Generator', 'SplQueue', 'ArrayObject', 'stdClass', 'Closure', ''] // prettier-ignore
    compare(names.map((name) => object('ArrayObject', { ...storedArray, 3: name })))
  })

  it('look at the place, not behind a reference', () => {
    const shared = new PhpReference(0)
    const word = new PhpReference('UTC')
    compare([
      [shared, object('ArrayObject', { ...storedArray, 0: shared })],
      [word, object('DateTimeZone', { timezone_type: 3, timezone: word })],
      [word, object('Exception', { '\0*\0file': word })],
      [shared, object('Exception', { '\0*\0file': shared })],
    ])
  })

  it('know the zones that DateTimeZone knows', () => {
    const zones = [
      'utc', 'Europe/Prague', 'europe/prague', 'CEST', 'cest', '(CEST)', ' UTC', 'UTC ', '+2', '+02',
      '+020', '+0200', '+02:00', '+2:0', '+02:60', '+99:59', '+100:00', '+12345', '+123456', '+1234567',
      '+02:00:60', '+01:02:3', 'GMT+2', 'gmt+2', 'UTC+2', '+', '+a', '- 02:00', '', 'A', 'J', 'foo',
      'EST5EDT', 'Mars/Phobos', 'JST', 'ACT', 'NZ', 'UTC\0', '+2a', 'Z2',
    ] // prettier-ignore
    compare(zones.map((timezone) => object('DateTimeZone', { timezone_type: 1, timezone })))
  })

  it('know the dates that DateTime knows, where words tell', () => {
    const dates = [
      'bad', '1', '', 'now', 'Today', 'tomorrow noon', '2024-01-01', '2024-13-01', '2024-01-32',
      '2024-01-01 25:00', '2024-01-01 10:60:00', '10000-01-01 00:00:00.000000', '1 January 2024',
      'first day of next month', 'last foo', 'Monday', '+1 week', '-3 days ago', 'hello world',
      '2024-01-01T10:00:00Z', '2024-01-01 10:00 Europe/Prague', '2024-01-01 10:00 Mars/Phobos', 'é',
    ] // prettier-ignore
    const zones = [
      'bad',
      '',
      'tomorrow noon',
      '+1 week',
      '-3 days ago',
      'last foo',
      'é',
      'UTC',
      '+1',
    ]
    compare([
      ...dates.map((each) => object('DateTime', { date: each, timezone_type: 3, timezone: 'UTC' })),
      ...zones.map((timezone) =>
        object('DateTimeImmutable', { date: '2024-01-01 10:00:00', timezone_type: 1, timezone }),
      ),
    ])
  })

  it('take bytes of their own old formats as PHP does, by how these begin', () => {
    const classes = ['ArrayObject', 'ArrayIterator', 'SplObjectStorage', 'SplQueue', 'SplFixedArray', 'DateTime', 'stdClass', 'Plain'] // prettier-ignore
    const texts = [
      '', 'abc', 'x:i:0;a:0:{};m:a:0:{}', 'x:i:0;N;;m:a:0:{}', 'x:i:16777216;m:a:0:{}', 'i:4;', 'i:4',
      'x:i:0;O:5:"Plain":0:{};m:a:0:{}', 'i:4;:i:1;', 'i:4;i:1;', 'd:4;', 'x:d:4;a:0:{};m:a:0:{}',
      'X:i:0;a:0:{};m:a:0:{}', 'x:i:0;E:11:"Suit:Hearts";;m:a:0:{}', 'a:0:{}', 'x:i:0;', 'x',
    ] // prettier-ignore
    // Behind the first bytes all is PHP's to read: whether as many objects follow as it says.
    const miscounted = /^x:i:(?:16777216|0;O)/
    const pairs = classes.flatMap((name) => texts.map((text) => [name, text] as const))
    const told = pairs.filter(
      ([name, text]) => name !== 'SplObjectStorage' || !miscounted.test(text),
    )
    compare(told.map(([name, text]) => new PhpSerializable(name, Buffer.from(text))))
  })

  it('agree on 700 objects with members at random', () => {
    const names = fc.constantFrom(...TAKEN.map(([name, data]) => ({ name, data })))
    const changes = fc.array(fc.tuple(fc.nat(10), fc.nat(kinds().length - 1)), { maxLength: 3 })
    const objects = fc.tuple(names, changes).map(([{ name, data }, edits]) => {
      const keys = Object.keys(data)
      const changed = edits.map(([at, kind]) => [keys[at % keys.length], kinds()[kind]] as const)
      return object(name, { ...data, ...Object.fromEntries(changed) })
    })
    const values = fc.sample(objects, { seed: 8_2_36, numRuns: 700 })
    compare(values.filter((value) => !dependsOnPhp(value)))
  })
})

/** What another PHP takes: a period as versions before 8.2 wrote it, an iterator of a program. */
function dependsOnPhp({ className, members }: PhpObject): boolean {
  if (className === 'DatePeriod') return !members.has('include_end_date') && members.size > 0
  const iterator = members.get(3)
  return typeof iterator === 'string' && iterator !== '' && !isBuiltInClass(iterator)
}
