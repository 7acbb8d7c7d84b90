import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import {
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../../src/php/values.js'
import type { SessionData } from '../../../src/serializer.js'
import { createWddxSerializer, wddxSerializer } from '../../../src/serializers/wddx.js'

const { encode, decode } = wddxSerializer
const exact = createWddxSerializer({ exact: true, maxDepth: 4096, maxLength: Infinity })

const packet = (struct: string): Buffer =>
  Buffer.from(
    `<wddxPacket version='1.0'><header/><data><struct>${struct}</struct></data></wddxPacket>`,
  )
const variable = (value: string, name = 'v'): Buffer => packet(`<var name='${name}'>${value}</var>`)
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
const record = (entries: Record<string, unknown>): SessionData =>
  Object.assign(Object.create(null) as SessionData, entries)

describe('wddx', () => {
  it('writes the packet that PHP writes', () => {
    expect(text(encode({ a: 1, b: 'two' }))).toBe(
      "<wddxPacket version='1.0'><header/><data><struct><var name='a'><number>1</number></var>" +
        "<var name='b'><string>two</string></var></struct></data></wddxPacket>",
    )
  })

  it('writes an empty struct for no data, and reads no data from it and from no bytes', () => {
    const empty = "<wddxPacket version='1.0'><header/><data><struct></struct></data></wddxPacket>"

    expect(text(encode({}))).toBe(empty)
    expect(text(encode({ a: undefined }))).toBe(empty)
    expect(decode(Buffer.from(empty))).toEqual(record({}))
    expect(decode(new Uint8Array())).toEqual(record({}))
  })

  it('gives bytes of their own, and data without a prototype', () => {
    const bytes = encode({ a: { b: 1 } })
    const data = decode(bytes)

    expect(Buffer.isBuffer(bytes)).toBe(false)
    expect(Object.getPrototypeOf(data)).toBeNull()
    expect(Object.getPrototypeOf(data['a'])).toBeNull()
  })

  it.each<[unknown, string]>([
    [null, '<null/>'],
    [true, "<boolean value='true'/>"],
    [false, "<boolean value='false'/>"],
    [0, '<number>0</number>'],
    [-5, '<number>-5</number>'],
    [9007199254740991, '<number>9007199254740991</number>'],
    [2n ** 63n - 1n, '<number>9223372036854775807</number>'],
    [-(2n ** 63n), '<number>-9223372036854775808</number>'],
    [0.1, '<number>0.1</number>'],
    [0.1 + 0.2, '<number>0.30000000000000004</number>'],
    [-0, '<number>-0.0</number>'],
    [1e16, '<number>10000000000000000.0</number>'],
    [1e25, '<number>1.0E+25</number>'],
    ['', '<string></string>'],
    ['é\t\n€😀', '<string>é\t\n€😀</string>'],
    [`&<>"'`, '<string>&amp;&lt;&gt;&quot;&#039;</string>'],
    ['&amp;', '<string>&amp;amp;</string>'],
    [']]>', '<string>]]&gt;</string>'],
    ['a\r\nb', "<string>a<char code='0D'/>\nb</string>"],
    ['\x01\x1f\x7f\x85', "<string><char code='01'/><char code='1F'/>\x7f\x85</string>"],
    ['a\0b', "<binary length='3'>YQBi</binary>"],
    ['\ufffe', "<binary length='3'>77++</binary>"],
    ['\uffff', "<binary length='3'>77+/</binary>"],
    [Uint8Array.of(0xff, 0xfe), "<binary length='2'>//4=</binary>"],
    [[], "<array length='0'></array>"],
    [[1, [2]], "<array length='2'><number>1</number><array length='1'><number>2</number></array></array>"], // prettier-ignore
    [record({ a: null }), "<struct><var name='a'><null/></var></struct>"],
    [record({ 5: 'x', a: null }), "<struct><var name='5'><string>x</string></var><var name='a'><null/></var></struct>"], // prettier-ignore
    [new Map<unknown, unknown>([['a', 1], [0, 2]]), "<struct><var name='a'><number>1</number></var><var name='0'><number>2</number></var></struct>"], // prettier-ignore
    [new PhpObject('App\\Cart', { items: 1 }), "<struct><var name='php_class_name'><string>App\\Cart</string></var><var name='items'><number>1</number></var></struct>"], // prettier-ignore
    [new PhpObject('É'), "<struct><var name='php_class_name'><string>É</string></var></struct>"],
  ])('writes %o and reads it back', (value, element) => {
    const bytes = encode(record({ v: value }))

    expect(text(bytes)).toBe(variable(element).toString())
    expect(decode(bytes)).toEqual(record({ v: value }))
    expect(Object.is((decode(bytes) as { v: unknown }).v, -0)).toBe(Object.is(value, -0))
  })

  it.each<[unknown, string, unknown]>([
    [[undefined, 1], "<array length='2'><null/><number>1</number></array>", [null, 1]],
    [{ a: undefined, b: 1 }, "<struct><var name='b'><number>1</number></var></struct>", record({ b: 1 })], // prettier-ignore
    [{}, "<array length='0'></array>", []],
    [{ 0: 'a', 1: 'b' }, "<array length='2'><string>a</string><string>b</string></array>", ['a', 'b']], // prettier-ignore
    [new Map([[0, 'a'], [1, 'b']]), "<array length='2'><string>a</string><string>b</string></array>", ['a', 'b']], // prettier-ignore
    [Buffer.from('é<'), '<string>é&lt;</string>', 'é<'],
    [new Map([[Buffer.from('é'), 1]]), "<struct><var name='é'><number>1</number></var></struct>", record({ é: 1 })], // prettier-ignore
    [new PhpReference([1]), "<array length='1'><number>1</number></array>", [1]],
    [new PhpObject('A', { a: undefined }), "<struct><var name='php_class_name'><string>A</string></var></struct>", new PhpObject('A')], // prettier-ignore
    [{ php_class_name: 5 }, "<struct><var name='php_class_name'><number>5</number></var></struct>", record({ php_class_name: 5 })], // prettier-ignore
    [new PhpFloat(5), '<number>5.0</number>', 5],
    [new PhpFloat(0.5, '0.50'), '<number>0.5</number>', 0.5],
  ])('writes %o as PHP would, which reads as something else', (value, element, read) => {
    const bytes = encode({ v: value })

    expect(text(bytes)).toBe(variable(element).toString())
    expect(decode(bytes)).toEqual(record({ v: read }))
  })

  it.each([
    ['a', 'a'],
    ['5', '5'],
    ['__proto__', '__proto__'],
    ['toString', 'toString'],
    ['é "\'<&>', 'é &quot;&#039;&lt;&amp;&gt;'],
    ['a\tb\nc\rd', 'a&#9;b&#10;c&#13;d'],
    ['a|b!c', 'a|b!c'],
    [' ', ' '],
  ])('writes the name %j and reads it back, outside and inside', (name, written) => {
    const data = Object.create(null) as SessionData
    data[name] = 1
    const nested = record({ o: data })

    expect(text(encode(data))).toBe(variable('<number>1</number>', written).toString())
    expect(Object.entries(decode(encode(data)))).toEqual([[name, 1]])
    expect(Object.entries(decode(encode(nested))['o'] as object)).toEqual([[name, 1]])
  })

  it('keeps what looks like an integer a name of the session, and makes it a key elsewhere', () => {
    const bytes = packet("<var name='7'><struct><var name='7'><null/></var></struct></var>")

    expect(decode(bytes)).toEqual(record({ 7: record({ 7: null }) }))
    expect(text(encode(decode(bytes)))).toBe(bytes.toString())
  })
})

describe('wddx in exact mode', () => {
  it.each<[string, unknown]>([
    ['5', 5],
    ['5.0', new PhpFloat(5)],
    ['5.', new PhpFloat(5, '5.')],
    ['5e2', new PhpFloat(500, '5e2')],
    ['1.0E+25', 1e25],
    ['0.10', new PhpFloat(0.1, '0.10')],
    ['0.1', 0.1],
    ['-0.0', -0],
    ['10000000000000000.0', 1e16],
    ['9223372036854775808', new PhpFloat(2 ** 63, '9223372036854775808')],
  ])('reads %s so that it is written again', (digits, value) => {
    const bytes = variable(`<number>${digits}</number>`)

    expect(exact.decode(bytes)).toEqual(record({ v: value }))
    expect(text(exact.encode(exact.decode(bytes)))).toBe(bytes.toString())
  })

  it('never lets a text of a float out that is none', () => {
    const float = new PhpFloat(0.5)
    Object.assign(float, { text: '<null/>' })

    expect(text(exact.encode({ v: float }))).toBe(variable('<number>0.5</number>').toString())
  })

  it('keeps the order of names that look like integers', () => {
    const bytes = packet(
      "<var name='b'><null/></var><var name='1'><null/></var><var name='0'><null/></var>",
    )

    expect(text(exact.encode(exact.decode(bytes)))).toBe(bytes.toString())
    expect(text(encode({ ...decode(bytes) }))).not.toBe(bytes.toString())
    expect(text(encode(decode(bytes)))).toBe(bytes.toString())
  })
})

describe('what wddx cannot say', () => {
  class Cart {}
  const object = new PhpObject('A')
  const reference = new PhpReference(1)

  it.each<[unknown, string, (string | number)[]]>([
    [Infinity, 'Infinity, which PHP reads as 0', []],
    [-Infinity, '-Infinity, which PHP reads as 0', []],
    [NaN, 'NaN, which PHP reads as 0', []],
    [new PhpFloat(NaN), 'NaN, which PHP reads as 0', []],
    [2n ** 63n, 'an integer of more than 64 bits', []],
    [-(2n ** 63n) - 1n, 'an integer of more than 64 bits', []],
    [() => 1, 'a function', []],
    [Symbol('s'), 'a symbol', []],
    ['\ud800', 'a string with half a surrogate pair', []],
    [[1, new Date(0)], 'an instance of Date, which wddx cannot say', [1]],
    [{ a: [new Cart()] }, 'an instance of Cart, which wddx cannot say', ['a', 0]],
    [new PhpEnum('Suit', 'Hearts'), 'an enum case, which PHP with wddx does not have', []],
    [new PhpSerializable('A', new Uint8Array()), 'an object that serialized itself', []],
    [[object, { b: object }], 'the same object in two places, which would be two', [1, 'b']],
    [[reference, reference], 'the same reference in two places, which would be two', [1]],
    [{ '': 1 }, 'an empty name, of which PHP makes a number', ['']],
    [{ 'a\0': 1 }, 'a name with a character that XML does not have', ['a\0']],
    [{ '\ufffe': 1 }, 'a name with a character that XML does not have', ['\ufffe']],
    [{ '\udcff': 1 }, 'a name that is not UTF-8', ['\udcff']],
    [new Map([[Uint8Array.of(0xff), 1]]), 'a name that is not UTF-8', ['\udcff']],
    [new Map([[1.5, 1]]), 'a Map with a key that PHP does not have', []],
    [new Map<unknown, unknown>([[7, 1], ['7', 2]]), 'two keys that are the same in PHP', []], // prettier-ignore
    [
      { php_class_name: 'A' },
      'text named php_class_name, of which PHP would make an object',
      ['php_class_name'],
    ],
    [
      new Map([['php_class_name', new PhpReference(Buffer.from('A'))]]),
      'text named php_class_name, of which PHP would make an object',
      ['php_class_name'],
    ],
    [
      new PhpObject('A').define({ name: 'p', visibility: 'private', value: 1 }),
      'a property that is not public, which it would become',
      [],
    ],
    [
      new PhpObject('A').define({ name: 'p', visibility: 'protected', value: 1 }),
      'a property that is not public, which it would become',
      [],
    ],
    [new PhpObject('A', { '': 1 }), 'an empty name, of which PHP makes a number', ['']],
    [new PhpObject('\udcff'), 'a string with half a surrogate pair', []],
  ])('%o is an EncodeError that says where', (value, reason, path) => {
    expect(() => encode({ ok: 1, v: value })).toThrow(
      new EncodeError('wddx', reason, ['v', ...path]),
    )
  })

  it('is a session that would be an object, or would have a variable without a name', () => {
    expect(() => encode({ php_class_name: 'A' })).toThrow(EncodeError)
    expect(() => encode(record({ '': 1 }))).toThrow(
      new EncodeError('wddx', 'an empty name, of which PHP makes a number', ['']),
    )
  })

  it('is a cycle of any kind', () => {
    const list: unknown[] = [1]
    list.push({ again: list })
    const object = new PhpObject('A')
    object.set('self', [object])
    const reference = new PhpReference(1)
    reference.value = [reference]
    const itself = new PhpReference(1)
    itself.value = itself

    const cycle = (path: (string | number)[]): EncodeError =>
      new EncodeError('wddx', 'a cycle', ['v', ...path])

    expect(() => encode({ v: list })).toThrow(cycle([1, 'again']))
    expect(() => encode({ v: object })).toThrow(cycle(['self', 0]))
    expect(() => encode({ v: reference })).toThrow(/the same reference in two places/)
    expect(() => encode({ v: itself })).toThrow(/a reference to a reference/)
  })

  it('is one object in two variables, but not the same list', () => {
    const list = [1]

    expect(() => encode({ a: object, b: object })).toThrow(
      new EncodeError('wddx', 'the same object in two places, which would be two', ['b']),
    )
    expect(decode(encode({ a: list, b: [list] }))).toEqual(record({ a: [1], b: [[1]] }))
  })

  it('does not get out as another error, whatever a getter does', () => {
    const failing = {
      get a(): number {
        throw new TypeError('no')
      },
    }

    expect(() => encode(failing)).toThrow(EncodeError)
    expect(() => encode({ v: [failing] })).toThrow(
      new EncodeError('wddx', 'a value that could not be read', ['v', 0]),
    )
  })

  it('names no value in its message', () => {
    const caught = (value: unknown): string => {
      try {
        encode({ v: value })
      } catch (error) {
        return String(error)
      }
      return ''
    }

    expect(caught({ php_class_name: 'secret' })).not.toContain('secret')
    expect(caught('secret\ud800')).not.toContain('secret')
  })
})

describe('limits of wddx', () => {
  const nest = (levels: number): Buffer =>
    variable("<array length='1'>".repeat(levels) + '<null/>' + '</array>'.repeat(levels))

  it('are 4096 levels with entries in each variable, both ways', () => {
    const deepest = decode(nest(4096))

    expect(text(encode(deepest))).toBe(nest(4096).toString())
    expect(() => decode(nest(4097))).toThrow(/nesting no deeper than 4096/)
    expect(() => encode({ v: [deepest['v']] })).toThrow(/nesting deeper than 4096/)
  })

  it('do not count what is empty', () => {
    const { encode, decode } = createWddxSerializer({ exact: false, maxDepth: 1, maxLength: 1e6 })

    expect(decode(encode({ v: [[], []] }))).toEqual(record({ v: [[], []] }))
    expect(() => encode({ v: [[1]] })).toThrow(EncodeError)
    expect(() => decode(variable('<array><array><null/></array></array>'))).toThrow(DecodeError)
    expect(() => decode(variable("<array><recordset fieldNames='A'></recordset></array>"))).toThrow(
      DecodeError,
    )
  })

  it('can be lifted, and take no stack then', () => {
    const rules = { exact: false, maxDepth: Infinity, maxLength: Infinity }
    const { encode, decode } = createWddxSerializer(rules)

    expect(text(encode(decode(nest(50_000))))).toBe(nest(50_000).toString())
  })

  it('are bytes, too', () => {
    const { encode, decode } = createWddxSerializer({ exact: false, maxDepth: 9, maxLength: 130 })
    const small = encode({ a: 1 })

    expect(decode(small)).toEqual(record({ a: 1 }))
    expect(() => encode({ a: 'x'.repeat(90) })).toThrow(
      new EncodeError('wddx', 'larger than 130 bytes'),
    )
    expect(() => decode(variable(`<string>${'x'.repeat(90)}</string>`))).toThrow(
      new DecodeError('wddx', 130, 'the end of the data'),
    )
  })
})
