import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../../src/php/values.js'
import { wire } from '../../helpers/typed-value.js'

const read = (bytes: string): unknown => unserialize(wire(bytes))

/** An object as the reader makes them. */
const record = (entries: Record<string, unknown>): unknown =>
  Object.assign(Object.create(null) as object, entries)

describe('scalars', () => {
  it.each([
    ['N;', null],
    ['b:1;', true],
    ['b:0;', false],
    ['i:0;', 0],
    ['i:-7;', -7],
    ['i:9007199254740991;', Number.MAX_SAFE_INTEGER],
    ['i:9007199254740992;', 9007199254740992n],
    ['i:-9223372036854775808;', -(2n ** 63n)],
    ['d:0.1;', 0.1],
    ['d:5;', 5],
    ['d:-1.5E-7;', -1.5e-7],
    ['d:1.0E+25;', 1e25],
    ['d:INF;', Infinity],
    ['d:-INF;', -Infinity],
    ['d:NAN;', NaN],
    ['s:5:"hallo";', 'hallo'],
    ['s:0:"";', ''],
    ['s:3:"";"";', '";"'],
  ])('%s', (bytes, value) => {
    expect(read(bytes)).toBe(value)
  })

  it('keeps the sign of a zero that is a float, and of no other', () => {
    expect(read('d:-0;')).toBe(-0)
    expect(read('i:-0;')).toBe(0)
  })

  it.each([
    ['i:+5;', 5],
    ['i:007;', 7],
    ['d:.5;', 0.5],
    ['d:5.;', 5],
    ['d:+1;', 1],
    ['d:1.e5;', 100000],
    ['d:1e400;', Infinity],
    ['d:0.30000000000000004;', 0.30000000000000004],
    ['d:123456789012345678;', 123456789012345678],
    ['s:01:"a";', 'a'],
    ['s:18446744073709551617:"a";', 'a'],
    ['S:2:"\\61b";', 'ab'],
    ['i:99999999999999999999;', 2n ** 63n - 1n],
    ['i:1;what follows', 1],
  ])('takes what PHP takes: %s', (bytes, value) => {
    expect(read(bytes)).toBe(value)
  })

  it.each([
    ['i:1.0;', 0],
    ['i:;', 0],
    ['i:--1;', 0],
    ['b:2;', 0],
    ['b:01;', 0],
    ['d:;', 0],
    ['d:-NAN;', 0],
    ['d:+INF;', 0],
    ['d:0x1;', 0],
    ['d:1e;', 0],
    ['n;', 0],
    [' N;', 0],
    ['s:2:"a";', 7],
    ['s:9:"a";', 2],
    ['s:1:"a" ;', 7],
    ['s:-1:"a";', 0],
    ['S:1:"\\6";', 0],
    ['', 0],
  ])('refuses what PHP refuses: %s', (bytes, offset) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ offset }))
  })

  it('says what it expected and where, never what was there', () => {
    expect(() => read('s:9:"secret";')).toThrow(
      new DecodeError('unserialize', 2, 'a length within the data'),
    )
  })
})

describe('strings', () => {
  it('are text where they are UTF-8, short or long, and bytes where they are not', () => {
    const long = 'žluťoučký 日本語 😀 '.repeat(40)
    const bytes = Buffer.from(long)

    expect(unserialize(`s:${bytes.length}:"${long}";`)).toBe(long)
    expect(read('s:2:"\xc3\xa9";')).toBe('é')
    expect(read('s:3:"\xff\x00\x80";')).toEqual(Uint8Array.of(0xff, 0x00, 0x80))
    expect(read('s:2:"\xed\xa0";')).toEqual(Uint8Array.of(0xed, 0xa0))
  })

  it('keep text beside bytes in the same data', () => {
    expect(read('a:2:{i:0;s:1:"\xff";i:1;s:2:"\xc3\xa9";}')).toEqual([Uint8Array.of(0xff), 'é'])
  })

  it('give bytes of their own, no view of the payload and no Buffer', () => {
    const payload = wire('s:1:"\xff";')
    const value = unserialize(payload) as Uint8Array

    payload.fill(0)

    expect(value).toEqual(Uint8Array.of(0xff))
    expect(value.constructor).toBe(Uint8Array)
  })

  it('keep a byte order mark', () => {
    expect(read('s:3:"\xef\xbb\xbf";')).toBe('\ufeff')
  })
})

describe('arrays', () => {
  it('with the keys 0 to n-1 are arrays, however the keys are written', () => {
    expect(read('a:0:{}')).toEqual([])
    expect(read('a:2:{i:0;N;i:1;b:1;}')).toEqual([null, true])
    expect(read('a:2:{s:1:"0";N;i:01;b:1;}')).toEqual([null, true])
    expect(read('a:2:{i:0;i:1;i:0;i:2;}')).toEqual([2])
  })

  it('with other keys are objects without a prototype', () => {
    const value = read('a:2:{s:1:"b";i:1;s:1:"a";a:1:{s:1:"c";N;}}') as Record<string, object>

    expect(value).toEqual(record({ b: 1, a: record({ c: null }) }))
    expect(Object.keys(value)).toEqual(['b', 'a'])
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.getPrototypeOf(value['a'])).toBeNull()
  })

  it('are objects while JavaScript keeps the order of the keys', () => {
    expect(read('a:2:{i:5;N;s:1:"a";N;}')).toEqual(record({ 5: null, a: null }))
    expect(read('a:2:{i:0;N;s:1:"a";N;}')).toEqual(record({ 0: null, a: null }))
    expect(read('a:2:{i:-1;N;i:4294967295;N;}')).toEqual(record({ '-1': null, 4294967295: null }))
    expect(read('a:3:{s:1:"a";i:1;s:1:"b";i:2;s:1:"a";i:3;}')).toEqual(record({ a: 3, b: 2 }))
  })

  it('are Maps where it does not', () => {
    expect(read('a:2:{s:1:"a";N;i:5;N;}')).toEqual(new Map<unknown, null>([['a', null], [5, null]])) // prettier-ignore
    expect(read('a:2:{i:1;N;i:0;N;}')).toEqual(new Map([[1, null], [0, null]])) // prettier-ignore
    expect(read('a:3:{i:4294967295;i:1;i:4294967294;i:2;i:-1;i:3;}')).toEqual(
      new Map([[4294967295, 1], [4294967294, 2], [-1, 3]]), // prettier-ignore
    )
    expect(read('a:3:{s:1:"x";N;i:7;i:1;i:7;i:2;}')).toEqual(new Map<unknown, unknown>([['x', null], [7, 2]])) // prettier-ignore
  })

  it('have bytes for keys that are not UTF-8, each once', () => {
    const value = read('a:3:{s:1:"\xff";i:1;s:1:"a";i:2;s:1:"\xff";i:3;}') as Map<unknown, unknown>

    expect([...value]).toEqual([
      [Uint8Array.of(0xff), 3],
      ['a', 2],
    ])
  })

  it('have integer keys as PHP makes them of strings', () => {
    const value = read('a:5:{s:2:"01";N;s:2:"-5";N;s:2:"-0";N;s:1:"7";N;s:3:"1.0";N;}')

    expect([...(value as Map<unknown, unknown>).keys()]).toEqual(['01', -5, '-0', 7, '1.0'])
  })

  it('have large integer keys exactly', () => {
    const value = read('a:2:{i:1;N;i:9223372036854775807;N;}')

    expect(Object.keys(value as object)).toEqual(['1', '9223372036854775807'])
    expect([...(read('a:2:{s:1:"x";N;i:0;N;}') as Map<unknown, null>).keys()]).toEqual(['x', 0])
  })

  it('are checked as strictly where a key is known already', () => {
    for (const name of ['known_nine', 'seventeen_chars_k', 'k']) {
      const good = `a:1:{s:${name.length}:"${name}";N;}`
      for (let time = 0; time < 3; time += 1) expect(read(good)).toEqual(record({ [name]: null }))
      const hundred = String.fromCharCode(48 + name.length)
      for (const length of [hundred, `0${hundred}`, `1${String.fromCharCode(38 + name.length)}`]) {
        if (length === String(name.length) || length === `0${name.length}`) continue
        expect(() => read(`a:1:{s:${length}:"${name}";N;}`)).toThrow(DecodeError)
      }
      for (const at of [5, 6, 7 + String(name.length).length, good.length - 5, good.length - 4]) {
        const bytes = wire(good)
        bytes[at] = 0x78
        expect(() => unserialize(bytes)).toThrow(DecodeError)
      }
    }
  })

  it('treat hostile keys as data', () => {
    const value = read(
      'a:3:{s:9:"__proto__";a:1:{s:7:"isAdmin";b:1;}s:11:"constructor";i:1;s:8:"toString";i:2;}',
    ) as Record<string, unknown>

    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(value['isAdmin']).toBeUndefined()
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })

  it.each([
    ['a:1:{i:0;i:1;', 13],
    ['a:1:{}', 5],
    ['a:0:{i:0;i:1;}', 5],
    ['a:-1:{}', 0],
    ['a:1:{d:1.5;i:1;}', 11],
    ['a:1:{a:0:{}i:1;}', 10],
    ['a:1:{r:1;i:1;}', 9],
    ['a:2:{i:0;N;}', 11],
    ['a:1000000:{}', 11],
    ['a:99999999999999999999:{}', 24],
  ])('refuse what PHP refuses: %s', (bytes, offset) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ offset }))
  })
})

describe('objects', () => {
  it('are inert, whatever their class is called', () => {
    const value = read('O:8:"stdClass":1:{s:1:"a";i:1;}') as PhpObject

    expect(value).toBeInstanceOf(PhpObject)
    expect(value.className).toBe('stdClass')
    expect(value.get('a')).toBe(1)
    for (const name of ['__proto__', 'constructor', 'Function', 'Object']) {
      expect((read(`O:${name.length}:"${name}":0:{}`) as PhpObject).className).toBe(name)
    }
  })

  it('keep the visibility of properties, and integer keys of classes that write them', () => {
    const value = read(
      'O:3:"Foo":4:{s:1:"a";i:1;s:4:"\0*\0b";i:2;s:6:"\0Foo\0c";i:3;i:5;i:4;}',
    ) as PhpObject

    expect(value.properties()).toEqual([
      { name: 'a', visibility: 'public', value: 1 },
      { name: 'b', visibility: 'protected', value: 2 },
      { name: 'c', visibility: 'private', declaringClass: 'Foo', value: 3 },
      { name: '5', visibility: 'public', value: 4 },
    ])
    expect([...value.members.keys()]).toEqual(['a', '\0*\0b', '\0Foo\0c', 5])
  })

  it('of other kinds are enum cases and objects that serialized themselves', () => {
    expect(read('E:11:"Suit:Hearts";')).toEqual(new PhpEnum('Suit', 'Hearts'))
    expect(read('C:3:"Old":3:{a;}}')).toEqual(
      new PhpSerializable('Old', new Uint8Array(wire('a;}'))),
    )
  })

  it.each([
    ['O:8:"std-lass":0:{}', 0],
    ['O:0:"":0:{}', 2],
    ['O:9:"\\stdClass":0:{}', 0],
    ['O:8:"stdClass":1000000:{}', 22],
    ['O:8:"stdClass":-1:{}', 17],
    ['O:8:"stdClass"', 14],
    ['O:8:"stdClass":1:{N;i:1;}', 20],
    ['E:4:"Suit";', 0],
    ['E:5:"Suit:";', 12],
    ['E:8:"Suit:1st";', 15],
    ['C:3:"Old":9:{abc}', 13],
    ['C:3:"Old":2:{abc}', 15],
  ])('refuse what PHP refuses: %s', (bytes, offset) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ offset }))
  })
})

describe('references', () => {
  it('to an object are the same object', () => {
    const [a, b, c] = read('a:3:{i:0;O:1:"A":0:{}i:1;r:2;i:2;R:2;}') as PhpObject[]

    expect(b).toBe(a)
    expect(c).toBe(a)
  })

  it('may close a circle', () => {
    const value = read('O:1:"A":1:{s:4:"self";r:1;}') as PhpObject

    expect(value.get('self')).toBe(value)
  })

  it('to anything else hold it in one PhpReference', () => {
    const [a, b] = read('a:2:{i:0;i:5;i:1;R:2;}') as PhpReference[]

    expect(a).toBeInstanceOf(PhpReference)
    expect(b).toBe(a)
    expect(a?.value).toBe(5)
  })

  it('may lead into an array that is not at its end', () => {
    const value = read('a:2:{i:0;R:1;s:1:"a";i:1;}') as Record<string, PhpReference>

    expect(value[0]?.value).toBe(value)
    expect(value['a']).toBe(1)
  })

  it('count slots as PHP does: r takes one, R takes none, keys take none', () => {
    const value = read('a:4:{i:0;O:1:"A":0:{}i:1;r:2;i:2;R:3;i:3;O:1:"B":1:{s:1:"p";r:4;}}')
    const [a, b, c, d] = value as PhpObject[]

    expect([b, c]).toEqual([a, a])
    expect(d?.get('p')).toBe(d)
  })

  it('count the slots in the data of an object that serialized itself', () => {
    const nested = 'C:3:"Old":22:{a:2:{i:0;i:1;i:1;i:2;}}'
    const before = 'C:3:"Old":22:{a:2:{i:0;i:1;i:1;r:2;}}'

    const [, a, b] = read(`a:3:{i:0;${nested}i:1;O:1:"A":0:{}i:2;r:6;}`) as unknown[]
    const [c, , d] = read(`a:3:{i:0;O:1:"A":0:{}i:1;${before}i:2;r:2;}`) as unknown[]
    const [, e, f] = read('a:3:{i:0;C:3:"Old":1:{x}i:1;O:1:"A":0:{}i:2;r:3;}') as unknown[]

    expect([b, d, f]).toEqual([a, c, e])
    expect((read(`a:2:{i:0;${nested}i:1;R:4;}`) as unknown[])[1]).toEqual(new PhpReference(1))
    expect(() => read(`a:2:{i:0;${nested}i:1;r:4;}`)).toThrow(DecodeError)
  })

  it('do not recurse into data within data', () => {
    let data = 'i:1;'
    for (let level = 0; level < 5000; level += 1) data = `C:1:"A":${data.length}:{${data}}`

    expect(read(`a:3:{i:0;${data}i:1;O:1:"A":0:{}i:2;r:4;}`)).toHaveLength(3)
  })

  it('name places, not values', () => {
    const value = read('a:3:{i:0;s:1:"a";i:0;s:1:"b";i:1;R:2;}') as PhpReference[]

    expect(value[1]?.value).toBe('b')
    expect(value[1]).toBe(value[0])
  })

  it.each([
    ['R:1;', 4],
    ['r:0;', 4],
    ['a:1:{i:0;r:1;}', 13],
    ['a:2:{i:0;i:5;i:1;r:2;}', 21],
    ['a:2:{i:0;R:3;i:1;i:5;}', 13],
    ['a:3:{i:0;O:8:"stdClass":0:{}i:0;i:5;i:1;r:2;}', 44],
    ['a:1:{i:0;r:2;}', 13],
    ['a:2:{i:0;i:1;i:0;R:2;}', 21],
    ['R:-1;', 0],
  ])('refuse what PHP refuses: %s', (bytes, offset) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ offset }))
  })

  it('of a bomb are read in linear time and space', () => {
    const count = 100_000
    const entries = Array.from({ length: count }, (_, index) => `i:${index};R:1;`).join('')
    const value = read(`a:${count}:{${entries}}`) as PhpReference[]

    expect(new Set(value).size).toBe(1)
    expect(value[0]?.value).toBe(value)
  })
})

describe('limits', () => {
  it.each([50_000, 10_000_000])('refuse %i levels at once', (levels) => {
    const payload = Buffer.alloc(levels * 9, 'a:1:{i:0;')
    const started = performance.now()

    expect(() => unserialize(payload)).toThrow(expect.objectContaining({ offset: 4096 * 9 + 5 }))
    // A hundred times what it takes, where the machine is busy; what counts is the payload's size.
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('allow 4096 levels, and others on demand', () => {
    const nest = (levels: number): Buffer =>
      wire(`${'a:1:{i:0;'.repeat(levels)}N;${'}'.repeat(levels)}`)

    expect(() => unserialize(nest(4096))).not.toThrow()
    expect(() => unserialize(nest(4097))).toThrow(DecodeError)
    expect(() => unserialize(nest(3), { maxDepth: 2 })).toThrow('no deeper than 2')
    expect(() => unserialize(nest(100_000), { maxDepth: 0 })).not.toThrow()
  })

  it('count what has entries, and not siblings', () => {
    const siblings = 'a:2:{i:0;a:1:{i:0;N;}i:1;a:1:{i:0;a:0:{}}}'

    expect(() => unserialize(siblings, { maxDepth: 2 })).not.toThrow()
    expect(() => unserialize(siblings, { maxDepth: 1 })).toThrow(DecodeError)
  })

  it('look at no more bytes than asked', () => {
    expect(() => unserialize('i:12;', { maxLength: 4 })).toThrow(
      expect.objectContaining({ offset: 4 }),
    )
    expect(unserialize('i:1;', { maxLength: 4 })).toBe(1)
  })

  it.each([
    's:999999999:"x";',
    'a:999999999:{}',
    'O:1:"A":999999999:{}',
    'C:1:"A":999999999:{}',
    'S:999999999:"x";',
  ])('make nothing of a claim: %s', (bytes) => {
    const before = process.memoryUsage().arrayBuffers

    expect(() => read(bytes)).toThrow(DecodeError)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
  })

  it('are options, checked by name and value', () => {
    expect(() => unserialize('N;', { depth: 1 } as never)).toThrow(TypeError)
    expect(() => unserialize('N;', { maxDepth: -1 })).toThrow(RangeError)
    expect(() => unserialize('N;', { maxDepth: 1.5 })).toThrow(RangeError)
  })
})

describe('what is neither bytes nor text', () => {
  it.each([
    7,
    null,
    undefined,
    {},
    { length: 1e9 },
    new Uint16Array(2),
    new DataView(new ArrayBuffer(2)),
    [],
  ])(
    // prettier-ignore
    'is a TypeError: %o',
    (value) => {
      expect(() => unserialize(value as never)).toThrow(
        new TypeError('"bytes" must be bytes or a string'),
      )
    },
  )
})

describe('short text that is not ASCII', () => {
  it('is read as it is, whatever its characters', () => {
    const words = [
      'é',
      'ß',
      '€',
      '日本',
      '😀',
      'Zoë',
      'a\u0080',
      '\u07ff\u0800',
      '\uffff\u{10000}',
      '\ufeffx',
      '\u{10ffff}',
    ]

    for (const word of words) expect(unserialize(serialize(word))).toBe(word)
  })
})

describe('two failures that differ in content only', () => {
  const fill = (text: string, secret: string): string => text.replaceAll('@', secret)

  it.each([
    's:9:"@";',
    'a:1:{s:6:"@";i:x;}',
    'a:2:{s:6:"@";N;}',
    'O:6:"@":1:{s:6:"@";}',
    'E:6:"@";',
    'C:6:"@":3:{@}',
    'S:9:"@";',
    'a:1:{i:0;r:7;}@',
  ])('are the same error: %s', (text) => {
    const [one, other] = ['secret', 'hidden'].map((secret) => {
      try {
        return unserialize(fill(text, secret))
      } catch (error) {
        return error
      }
    }) as [DecodeError, DecodeError]

    expect(one).toBeInstanceOf(DecodeError)
    expect([one.message, one.offset, one.code]).toEqual([other.message, other.offset, other.code])
    expect(`${one.message}${one.stack}`).not.toContain('secret')
  })
})
