import { describe, expect, it } from 'vitest'
import {
  checkBuiltIn,
  checkBuiltInData,
  isBuiltInClass,
  refusedClass,
} from '../../../src/php/builtins.js'
import { refusesDate } from '../../../src/php/date-words.js'
import { isZone } from '../../../src/php/time-zones.js'
import {
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../../src/php/values.js'

type Data = Readonly<Record<string, unknown>>

function taken(className: string, data: Data, numbered = true): boolean {
  const object = new PhpObject(className)
  for (const [key, value] of Object.entries(data)) {
    object.members.set(numbered && /^\d$/.test(key) ? Number(key) : key, value)
  }
  return checkBuiltIn(object)
}

describe('refusedClass', () => {
  it.each([
    'Closure',
    'closure',
    'GENERATOR',
    'Iterator',
    'FilterIterator',
    'Random\\Engine\\Secure',
  ])('is true for %s, of which PHP makes no object', (name) => {
    expect(refusedClass(name)).toBe(true)
  })

  it.each(['stdClass', 'ArrayObject', 'DateTime', 'App\\Closure', 'Closures', '__proto__', ''])(
    'is false for %s',
    (name) => {
      expect(refusedClass(name)).toBe(false)
    },
  )

  it('compares the letters of ASCII only, as PHP does', () => {
    // JavaScript makes a k of the sign for kelvin.
    expect('wea\u212amap'.toLowerCase()).toBe('weakmap')
    expect(refusedClass('wea\u212amap')).toBe(false)
    expect(isBuiltInClass('splstac\u212a')).toBe(false)
  })
})

describe('isBuiltInClass', () => {
  it('is true for every class and interface of PHP itself', () => {
    const names = ['stdClass', 'Iterator', 'EXCEPTION', 'DateTime', 'SplQueue', 'Closure']

    expect(names.map(isBuiltInClass)).toEqual(names.map(() => true))
  })

  it('is false for the classes of programs', () => {
    expect(['Suit', 'App\\stdClass', 'constructor'].map(isBuiltInClass)).toEqual([false, false, false]) // prettier-ignore
  })
})

describe('checkBuiltIn', () => {
  const date = { date: '2024-01-01 10:00:00.123456', timezone_type: 3, timezone: 'UTC' }
  const stored = { 0: 0, 1: [], 2: [], 3: null }
  const list = { 0: 4, 1: [], 2: [] }
  const period = {
    start: new PhpObject('DateTime', date),
    current: null,
    end: null,
    interval: new PhpObject('DateInterval'),
    recurrences: 1,
    include_start_date: true,
    include_end_date: false,
  }
  const record = Object.assign(Object.create(null) as object, { a: 1 })

  it.each<[string, Data]>([
    ['stdClass', { date: 5 }],
    ['App\\Anything', {}],
    ['DateTime', date],
    ['DateTimeImmutable', { ...date, note: 'x' }],
    ['datetime', { ...date, timezone_type: 1, timezone: '+02:00' }],
    ['DateTime', { ...date, timezone_type: 2, timezone: 'CEST' }],
    ['DateTime', { ...date, date: 'first day of next month' }],
    ['DateTimeZone', { timezone_type: 9, timezone: 'europe/prague' }],
    ['DateInterval', { from_string: 5, days: [] }],
    ['DatePeriod', period],
    ['DatePeriod', { ...period, start: new Date(0), end: new PhpObject('App\\Day') }],
    ['ArrayObject', stored],
    ['ArrayObject', { 0: 0, 1: record, 2: new Map() }],
    ['ArrayIterator', { ...stored, 1: new PhpObject('App\\Row') }],
    ['ArrayObject', { ...stored, 1: new Date(0) }],
    ['ArrayObject', { ...stored, 0: 0x100_0000, 1: null }],
    ['ArrayObject', { ...stored, 3: '\\ArrayIterator' }],
    ['ArrayObject', { ...stored, 3: 'App\\Cursor' }],
    ['SplQueue', list],
    ['SplStack', { ...list, 9: 1 }],
    ['SplObjectStorage', { 0: [new PhpObject('A'), 1, new PhpEnum('Suit', 'Hearts'), 2], 1: [] }],
    ['SplObjectStorage', { 0: new Map<number, unknown>([[5, new PhpSerializable('A', Uint8Array.of())], [6, 1]]), 1: record }], // prettier-ignore
    ['SplFixedArray', { x: 1 }],
    ['Exception', { '\0*\0line': 5, '\0Exception\0previous': null, code: 'any' }],
    ['TypeError', { '\0Error\0previous': new PhpObject('RuntimeException') }],
    ['RuntimeException', { previous: new PhpObject('App\\Failure') }],
  ])('takes what PHP takes: %s %o', (className, data) => {
    expect(taken(className, data)).toBe(true)
  })

  it.each<[string, Data]>([
    ['DateTime', {}],
    ['DATETIME', { ...date, date: 'bad' }],
    ['DateTime', { ...date, date: Uint8Array.of(255) }],
    ['DateTimeImmutable', { ...date, timezone_type: new PhpFloat(3) }],
    ['DateTime', { ...date, timezone_type: 4 }],
    ['DateTime', { ...date, timezone_type: 2, timezone: 'nowhere' }],
    ['DateTime', { ...date, timezone: new PhpReference('UTC') }],
    ['DateTimeZone', { timezone_type: 3, timezone: 'Mars/Phobos' }],
    ['DateTimeZone', { timezone_type: '3', timezone: 'UTC' }],
    ['DatePeriod', { ...period, recurrences: -1 }],
    ['DatePeriod', { ...period, recurrences: 2 ** 31 }],
    ['DatePeriod', { ...period, start: new PhpEnum('Suit', 'Hearts') }],
    ['DatePeriod', { ...period, interval: new PhpObject('App\\Interval') }],
    ['DatePeriod', { ...period, include_end_date: 0 }],
    ['ArrayObject', {}],
    ['ArrayObject', { ...stored, 1: 5 }],
    ['ArrayObject', { ...stored, 1: new PhpObject('SplFixedArray') }],
    ['ArrayObject', { ...stored, 2: new PhpObject('stdClass') }],
    ['ArrayObject', { ...stored, 3: 'stdClass' }],
    ['ArrayObject', { ...stored, 3: false }],
    ['ArrayObject', { ...stored, 0: new PhpReference(0) }],
    ['RecursiveArrayIterator', { 0: 0, 1: [] }],
    ['SplDoublyLinkedList', { ...list, 0: '4' }],
    ['SplQueue', { ...list, 1: null }],
    ['SplObjectStorage', { 0: [new PhpObject('A')], 1: [] }],
    ['SplObjectStorage', { 0: [1, 2], 1: [] }],
    ['SplObjectStorage', { 0: [[], 2], 1: [] }],
    ['SplObjectStorage', { 0: [new PhpReference(new PhpObject('A')), 2], 1: [] }],
    ['Exception', { '\0*\0line': 'x' }],
    ['Error', { trace: null }],
    ['ErrorException', { previous: new PhpObject('stdClass') }],
    ['LogicException', { '\0*\0file': new PhpReference(5) }],
    ['HashContext', {}],
    ['Random\\Engine\\Mt19937', { 0: [] }],
  ])('refuses what PHP refuses: %s %o', (className, data) => {
    expect(taken(className, data)).toBe(false)
  })

  it('takes a period as PHP before 8.2 wrote it', () => {
    const { include_end_date: _, ...older } = period

    expect(taken('DatePeriod', older)).toBe(true)
  })

  it('takes a name of digits for a number, as PHP does', () => {
    expect(taken('ArrayObject', stored, false)).toBe(true)
    expect(taken('ArrayObject', { ...stored, 1: null }, false)).toBe(false)
  })

  it('is not confused by names that objects inherit', () => {
    expect(taken('Exception', { constructor: 5, toString: 5, __proto__: null })).toBe(true)
    expect(taken('__proto__', {})).toBe(true)
  })
})

describe('checkBuiltInData', () => {
  const takes = (className: string, text: string): boolean =>
    checkBuiltInData(new PhpSerializable(className, Buffer.from(text)))

  it.each([
    ['ArrayObject', ''],
    ['ArrayObject', 'x:i:0;a:0:{};m:a:0:{}'],
    ['SplObjectStorage', 'x:i:0;m:a:0:{}'],
    ['splstack', 'i:6;:i:1;'],
    ['DateTime', 'abc'],
    ['App\\Old', 'abc'],
  ])('takes the bytes of %s: %s', (className, text) => {
    expect(takes(className, text)).toBe(true)
  })

  it.each([
    ['ArrayObject', 'abc'],
    ['ArrayIterator', 'x:i:0;N;;m:a:0:{}'],
    ['SplObjectStorage', 'x:i:0;a:0:{};m:a:0:{}'],
    ['SplQueue', 'i:6;i:1;'],
  ])('refuses the bytes of %s: %s', (className, text) => {
    expect(takes(className, text)).toBe(false)
  })
})

describe('refusesDate', () => {
  it.each([
    '',
    'now',
    'Tomorrow noon',
    '2024-02-30',
    '@123',
    '+1 week',
    '10:00 Europe/Prague',
    '1 January 2024',
  ])(
    // prettier-ignore
    'is false for %o, which strtotime knows',
    (text) => {
      expect(refusesDate(text)).toBe(false)
    },
  )

  it.each(['bad', '1', '2024-13-01', '10000-01-01 00:00:00', 'last foo', '10:00 Mars/Phobos', 'é'])(
    'is true for %o',
    (text) => {
      expect(refusesDate(text)).toBe(true)
    },
  )
})

describe('isZone', () => {
  it.each(['+2', '+0200', '+2:00', '+02:60', '+02:00:30', 'GMT+2', 'cest', '(CEST)', 'utc', 'NZ'])(
    'is true for %s',
    (text) => {
      expect(isZone(text)).toBe(true)
    },
  )

  it.each(['', '+', '+12345', '+01:02:3', 'UTC+2', 'J', 'JST+', 'Mars/Phobos', '+02:00 '])(
    'is false for %o',
    (text) => {
      expect(isZone(text)).toBe(false)
    },
  )
})
