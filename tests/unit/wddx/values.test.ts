import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { PhpObject } from '../../../src/php/values.js'
import type { SessionData } from '../../../src/serializer.js'
import { wddxSerializer } from '../../../src/serializers/wddx.js'

const { encode, decode } = wddxSerializer

const BEFORE = "<wddxPacket version='1.0'><header/><data><struct><var name='v'>"
const packet = (value: string): Buffer =>
  Buffer.from(`${BEFORE}${value}</var></struct></data></wddxPacket>`)
const read = (value: string): unknown => decode(packet(value))['v']
const record = (entries: Record<string, unknown>): SessionData =>
  Object.assign(Object.create(null) as SessionData, entries)

/** The offset is counted from the beginning of the value. */
function refused(value: string, offset: number, expected: string): void {
  const error = new DecodeError('wddx', BEFORE.length + offset, expected)
  expect(() => read(value)).toThrow(error)
  expect(() => read(value)).toThrow(expect.objectContaining({ offset: error.offset }))
}

describe('<number>', () => {
  it.each<[string, unknown]>([
    ['7', 7],
    ['-7', -7],
    ['+7', 7],
    ['007', 7],
    ['-0', 0],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['9223372036854775808', 2 ** 63],
    ['00000000000000000000000012', 12],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['-1.5E-3', -0.0015],
    ['1.0E+25', 1e25],
    [' \t\n12\n ', 12],
    ['1<!-- and -->2', 12],
    ['<![CDATA[12]]>', 12],
    ['&#49;', 1],
    ['', 0],
  ])('reads %j', (text, value) => {
    expect(read(`<number>${text}</number>`)).toBe(value)
  })

  it('of no text at all is 0, as in PHP', () => {
    expect(read('<number/>')).toBe(0)
  })

  it.each(['INF', 'NAN', 'abc', '12abc', '0x1A', '1e', '.', '-', '1 2', '1,5', ' ', '1e999', '١'])(
    'refuses %j, of which PHP would make another number',
    (text) => refused(`<number>${text}</number>`, 0, 'a number'),
  )
})

describe('<boolean> and <null>', () => {
  it('are read with or without an end tag, and with what says nothing', () => {
    expect(read("<boolean value='true'/>")).toBe(true)
    expect(read('<boolean value="false"> <!-- --> </boolean>')).toBe(false)
    expect(read('<null></null>')).toBeNull()
    expect(read('<null />')).toBeNull()
  })

  it.each([
    "<boolean value='yes'/>",
    "<boolean value='TRUE'/>",
    "<boolean value=''/>",
    '<boolean/>',
  ])('refuse %s, which PHP drops', (element) => refused(element, 0, 'true or false'))

  it('have no content', () => {
    refused('<null>x</null>', 6, '</null>')
    refused("<boolean value='true'>true</boolean>", 22, '</boolean>')
  })
})

describe('<string>', () => {
  it.each([
    ['', ''],
    ['é😀', 'é😀'],
    [' a\n\tb ', ' a\n\tb '],
    ['a\r\nb\rc', 'a\nb\nc'],
    ['&lt;&gt;&amp;&quot;&apos;', `<>&"'`],
    ['&#039;&#x27;&#xe9;&#233;&#x1F600;&#13;&#9;', `''éé😀\r\t`],
    ['&amp;lt;', '&lt;'],
    ['a<!-- b -->c', 'ac'],
    ['<![CDATA[<&amp;>]]]]><![CDATA[>]]>', '<&amp;>]]>'],
    ["<char code='0D'/>", '\r'],
    ["a<char code='1f'></char>b<char code='0A' />", 'a\x1fb\n'],
    ["<char code='41'/><char code='0041'/>", 'AA'],
    ["<char code='C3'/><char code='A9'/>", 'é'],
    ["é<char code='C3'/><char code='A9'/>é", 'ééé'],
  ])('reads %j', (text, value) => {
    expect(read(`<string>${text}</string>`)).toBe(value)
  })

  it('is bytes where <char> makes it something else than UTF-8', () => {
    expect(read("<string>é<char code='FF'/>x</string>")).toEqual(
      Uint8Array.of(0xc3, 0xa9, 0xff, 0x78),
    )
  })

  it.each(['00', '', 'G1', '100', '-1', '0x41', ' 41'])('refuses the character %j', (code) => {
    refused(`<string><char code='${code}'/></string>`, 8, 'the code of a byte other than NUL')
  })

  it('holds nothing but characters', () => {
    refused('<string>a<string>b</string></string>', 9, '<char>')
    refused("<string><char code='41'>x</char></string>", 24, '</char>')
    refused('<string>a</number>', 9, '</string>')
  })
})

describe('<binary>', () => {
  it.each([
    ["<binary length='2'>YmI=</binary>", 'bb'],
    ["<binary encoding='base64' length='999999999999'>w6k=</binary>", 'é'],
    ['<binary>\n  Ym\n  I= </binary>', 'bb'],
    ['<binary>YmI</binary>', 'bb'],
    ['<binary/>', ''],
    ["<binary length='3'>AAAA</binary>", '\0\0\0'],
  ])('reads %s as text where it is UTF-8', (element, value) => {
    expect(read(element)).toBe(value)
  })

  it('reads other bytes as bytes', () => {
    expect(read('<binary>//4=</binary>')).toEqual(Uint8Array.of(0xff, 0xfe))
  })

  it.each(['Y', 'YmI=YmI=', 'Ym-_', 'YmI*', '====', 'YmI===', 'é'])('refuses %j', (text) => {
    refused(`<binary>${text}</binary>`, 0, 'Base64')
  })
})

describe('<dateTime>', () => {
  // What strtotime() of PHP 8.2 makes of them in UTC.
  it.each([
    ['1998-06-12T04:32:12', 897625932],
    ['1930-06-12T04:32:12', -1248290868],
    ['2040-06-12T04:32:12', 2223088332],
    ['1998-9-5T9:5:3', 904986303],
    ['1998-09-15T09:05:32Z', 905850332],
    ['1998-09-15T09:05:32-4:0', 905864732],
    ['1998-09-15T09:05:32-400', 905864732],
    ['1998-09-15T09:05:32+02:30', 905841332],
    ['1998-09-15T09:05:32.5-04:00', 905864732],
    ['1998-09-15T24:00:00', 905904000],
    ['1998-02-31T00:00:00', 888883200],
    ['1998-09-15T09:05:60', 905850360],
    ['0001-01-01T00:00:00', -62135596800],
  ])('reads %s as seconds', (text, seconds) => {
    expect(read(`<dateTime>${text}</dateTime>`)).toBe(seconds)
  })

  it.each([
    'never',
    '1998-09-15T25:00:00',
    '1998-13-10T00:00:00',
    '1998-09-32T00:00:00',
    '1998-09-15T09:60:00',
    '1998-09-15T09:05:32+99:00',
    '1998-9-5T9:5:3.5',
    '1969-12-31T23:59:59',
    'tomorrow',
    ' ',
  ])('leaves %j as it is', (text) => {
    expect(read(`<dateTime>${text}</dateTime>`)).toBe(text)
  })

  it('of no text at all is 0, as in PHP', () => {
    expect(read('<dateTime/>')).toBe(0)
  })
})

describe('<array>', () => {
  it('believes its entries, not its length', () => {
    expect(read("<array length='4294967295'><null/></array>")).toEqual([null])
    expect(read("<array length='-1'/>")).toEqual([])
    expect(read('<array> <number>1</number> <!-- --> <array/> </array>')).toEqual([1, []])
  })

  it('has no variables', () => {
    refused("<array><var name='a'><null/></var></array>", 7, 'a value')
    refused('<array>text</array>', 7, 'a value')
  })
})

describe('<struct>', () => {
  const struct = (...names: string[]): string =>
    `<struct>${names.map((name, index) => `<var name='${name}'><number>${index}</number></var>`).join('')}</struct>`

  it('is an object, a list or a Map, by its keys', () => {
    expect(read(struct('a', 'b'))).toEqual(record({ a: 0, b: 1 }))
    expect(read(struct('0', '1'))).toEqual([0, 1])
    expect(read(struct('1', '2'))).toEqual(record({ 1: 0, 2: 1 }))
    expect(read(struct('1', '0'))).toEqual(new Map([[1, 0], [0, 1]])) // prettier-ignore
    expect(read(struct('a', '5', '-1', '07'))).toEqual(
      new Map<unknown, unknown>([['a', 0], [5, 1], [-1, 2], ['07', 3]]), // prettier-ignore
    )
    expect(read(struct('9223372036854775807', '9223372036854775808'))).toEqual(
      record({ '9223372036854775807': 0, '9223372036854775808': 1 }),
    )
    expect(read('<struct/>')).toEqual([])
    expect(read('<struct> </struct>')).toEqual([])
  })

  it('has the last value of a name, in the place of the first', () => {
    expect(Object.entries(read(struct('a', 'b', 'a')) as object)).toEqual([['a', 2], ['b', 1]]) // prettier-ignore
  })

  it('numbers what has no name, as PHP does', () => {
    expect(read(struct('', ''))).toEqual([0, 1])
    expect(read(struct('5', '', 'a', ''))).toEqual(
      new Map<unknown, unknown>([[5, 0], [6, 1], ['a', 2], [7, 3]]), // prettier-ignore
    )
    expect(read(struct('-7', ''))).toEqual(new Map([[-7, 0], [0, 1]])) // prettier-ignore
    expect(read(struct('9007199254740991', ''))).toEqual(
      record({ '9007199254740991': 0, '9007199254740992': 1 }),
    )
    refused(struct('9223372036854775807', ''), 77, 'a variable with a name')
  })

  it('leaves out a variable without a value, which PHP writes for what it cannot serialize', () => {
    expect(
      read("<struct><var name='a'></var><var name='b'/><var name='c'> </var></struct>"),
    ).toEqual([])
  })

  it('has only variables, with a name and one value each', () => {
    refused('<struct><null/></struct>', 8, '<var> with a name')
    refused('<struct><var><null/></var></struct>', 8, '<var> with a name')
    refused("<struct><var name='a'><null/><null/></var></struct>", 29, '</var>')
    refused('<struct>x</struct>', 8, '<var>')
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'takes %s for a name',
    (name) => {
      const value = read(struct(name, 'b')) as object

      expect(Object.entries(value)).toEqual([[name, 0], ['b', 1]]) // prettier-ignore
      expect(Object.getPrototypeOf(value)).toBeNull()
    },
  )
})

describe('php_class_name', () => {
  const named = (className: string, ...rest: string[]): string =>
    `<struct><var name='php_class_name'><string>${className}</string></var>${rest.join('')}</struct>`

  it('makes an object with public properties, without looking for a class', () => {
    const object = read(
      named('App\\Cart', "<var name='a'><null/></var><var name='5'><null/></var>"),
    )

    expect(object).toBeInstanceOf(PhpObject)
    expect(object).toEqual(new PhpObject('App\\Cart', { a: null, 5: null }))
    expect((object as PhpObject).properties().map(({ visibility }) => visibility)).toEqual([
      'public',
      'public',
    ])
  })

  it('works in any place, as in PHP', () => {
    const value = read(
      "<struct><var name='b'><number>1</number></var><var name='0'><number>2</number></var>" +
        "<var name='php_class_name'><string>A</string></var><var name='c'><number>3</number></var></struct>",
    )

    expect(value).toBeInstanceOf(PhpObject)
    expect([...(value as PhpObject).members]).toEqual([['b', 1], ['0', 2], ['c', 3]]) // prettier-ignore
  })

  it('is a name like others where its value is no text', () => {
    expect(read("<struct><var name='php_class_name'><string/></var></struct>")).toEqual(
      record({ php_class_name: '' }),
    )
    expect(read("<struct><var name='php_class_name'><array/></var></struct>")).toEqual(
      record({ php_class_name: [] }),
    )
  })

  it('has to be the name of a class, and one', () => {
    refused(named('no name'), 35, 'the name of a class')
    refused(named("<char code='FF'/>"), 35, 'the name of a class')
    refused(
      named('A', "<var name='php_class_name'><string>B</string></var>"),
      86,
      'a class only once',
    )
  })

  it('cannot make an object of the session', () => {
    const bytes = Buffer.from(
      "<wddxPacket><data><struct><var name='php_class_name'><string>A</string></var></struct></data></wddxPacket>",
    )

    expect(() => decode(bytes)).toThrow(new DecodeError('wddx', 53, 'variables, not an object'))
  })
})

describe('<recordset>', () => {
  it('is a list for each field', () => {
    const value = read(
      "<recordset rowCount='2' fieldNames='NAME,AGE'><field name='NAME'><string>John</string>" +
        "<string>Jane</string></field> <field name='AGE'><number>34</number><number>31</number></field></recordset>",
    )

    expect(value).toEqual(record({ NAME: ['John', 'Jane'], AGE: [34, 31] }))
  })

  it('has the lists of fields that do not follow, and joins those that come twice', () => {
    expect(read("<recordset fieldNames='a,b'/>")).toEqual(record({ a: [], b: [] }))
    expect(
      read("<recordset fieldNames='a'><field name='a'><null/></field><field name='a'><null/></field></recordset>"), // prettier-ignore
    ).toEqual(record({ a: [null, null] }))
    expect(read("<recordset rowCount='99999999999' fieldNames=''></recordset>")).toEqual([])
    expect(read("<recordset fieldNames='0,1'><field name='1'/></recordset>")).toEqual([[], []])
    expect(read("<recordset fieldNames='__proto__'/>")).toEqual(
      Object.defineProperty(record({}), '__proto__', {
        value: [],
        enumerable: true,
        writable: true,
        configurable: true,
      }),
    )
  })

  it('has no other field', () => {
    const expected = '<field> with a name of the recordset'

    refused("<recordset fieldNames='a'><field name='b'/></recordset>", 26, expected)
    refused("<recordset fieldNames='a'><field/></recordset>", 26, expected)
    refused("<recordset fieldNames='a'><null/></recordset>", 26, expected)
    refused('<recordset><field name="a"/></recordset>', 11, expected)
    refused("<recordset fieldNames='a,,b'/>", 0, 'the names of fields')
  })

  it('is written back as it came as long as nobody changes it', () => {
    const bytes = packet("<recordset rowCount='1' fieldNames='a'><field name='a'><null/></field></recordset>") // prettier-ignore
    const data = decode(bytes)

    expect(encode(data, bytes)).toBe(bytes)
    data['w'] = 1
    expect(Buffer.from(encode(data, bytes)).toString()).toContain('<recordset rowCount=')
  })
})
