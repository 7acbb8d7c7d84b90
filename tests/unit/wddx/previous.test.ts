import { describe, expect, it } from 'vitest'
import { PhpObject } from '../../../src/php/values.js'
import type { SessionData } from '../../../src/serializer.js'
import { createWddxSerializer, wddxSerializer } from '../../../src/serializers/wddx.js'

const { encode, decode } = wddxSerializer

const packet = (...variables: string[]): string =>
  `<wddxPacket version='1.0'><header/><data><struct>${variables.join('')}</struct></data></wddxPacket>`
const variable = (name: string, value: string): string => `<var name='${name}'>${value}</var>`
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

const number = (digits: string): string => `<number>${digits}</number>`

/** What PHP wrote in words of its own, or another writer in words that PHP reads. */
const ODD = [
  variable('whole', number('5.0')),
  variable('digits', number('0.10000000000000001')),
  '<var   name="quotes" ><string>&#x27;"</string> <!-- why --></var\n>',
  variable('date', '<dateTime>1998-06-12T04:32:12</dateTime>'),
  variable('cdata', '<string><![CDATA[a\r\nb]]></string>'),
  variable(
    'rows',
    "<recordset rowCount='1' fieldNames='a'><field name='a'><null/></field></recordset>",
  ),
  variable('bytes', "<binary length='9'>\n//4=\n</binary>"),
  variable('empty', '<struct/>'),
  variable(
    'object',
    "<struct><var name='b'/><var name='php_class_name'><string>B</string></var></struct>",
  ),
]

/** The data with other values for some names. */
const changed = (data: SessionData, values: Record<string, unknown>): SessionData =>
  Object.assign(Object.create(null) as SessionData, data, values)

describe('a packet over another', () => {
  it('is the same object as long as nothing changed, however it was written', () => {
    const around = [
      packet(...ODD),
      `<?xml version='1.0'?>\n<!-- a -->${packet(...ODD, '<!-- b -->\n', variable('none', ''))}\n`,
      packet('<!-- nothing -->'),
      '<wddxPacket><data><struct/></data></wddxPacket>',
    ]

    for (const previous of around.map((it) => Buffer.from(it))) {
      const data = decode(previous)

      expect(encode(data, previous)).toBe(previous)
      expect(encode(changed(data, {}), previous)).toBe(previous)
      const deep = changed(data, 'object' in data ? { object: new PhpObject('B') } : {})
      expect(encode(deep, previous)).toBe(previous)
    }
  })

  it('is no bytes again when there were none and are no data', () => {
    const none = new Uint8Array()

    expect(encode({}, none)).toBe(none)
    expect(encode(decode(none), none)).toBe(none)
    expect(text(encode({ a: 1 }, none))).toBe(packet(variable('a', number('1'))))
  })

  it('has every variable that did not change byte for byte', () => {
    const previous = Buffer.from(packet(...ODD))

    for (const [index, name] of Object.keys(decode(previous)).entries()) {
      const rest = ODD.map((odd, at) => (at === index ? variable(name, '<null/>') : odd))
      expect(text(encode(changed(decode(previous), { [name]: null }), previous))).toBe(
        packet(...rest),
      )
    }
  })

  it('has the order of the previous one, and new variables behind', () => {
    const previous = Buffer.from(
      packet(variable('b', number('1.0')), variable('7', '<null/>'), variable('a', number('2.0'))),
    )
    const data = changed({ new: 1 }, decode(previous))
    data['0'] = 0

    expect(text(encode(data, previous))).toBe(
      packet(
        variable('b', number('1.0')),
        variable('7', '<null/>'),
        variable('a', number('2.0')),
        variable('0', number('0')),
        variable('new', number('1')),
      ),
    )
  })

  it('has no variable that is gone', () => {
    const previous = Buffer.from(packet(...ODD))
    const data = decode(previous)
    delete data['digits']
    data['rows'] = undefined

    expect(text(encode(data, previous))).toBe(
      packet(...ODD.filter((odd) => !/'(digits|rows)'/.test(odd))),
    )
  })

  it('has the last of two variables of one name, in the place of the first', () => {
    const previous = Buffer.from(
      packet(
        variable('a', number('1.0')),
        variable('b', number('2.0')),
        variable('a', number('3.0')),
      ),
    )
    const data = decode(previous)

    expect(encode(data, previous)).toBe(previous)
    expect(text(encode(changed(data, { b: 0 }), previous))).toBe(
      packet(variable('a', number('3.0')), variable('b', number('0'))),
    )
  })

  it('has a variable without a name under the number that PHP gives it', () => {
    const previous = Buffer.from(
      packet(variable('4', number('1')), variable('', number('2.0')), variable('a', '')),
    )
    const data = decode(previous)

    expect(Object.entries(data)).toEqual([['4', 1], ['5', 2]]) // prettier-ignore
    expect(encode(data, previous)).toBe(previous)
    expect(text(encode(changed(data, { a: 0 }), previous))).toBe(
      packet(variable('4', number('1')), variable('', number('2.0')), variable('a', number('0'))),
    )
  })

  it('leaves what surrounds the variables to PHP', () => {
    const previous = Buffer.from(
      `<?xml version='1.0'?><wddxPacket><header><comment>c</comment></header><data><struct> ${ODD[0]} </struct></data></wddxPacket>`,
    )

    expect(text(encode(changed(decode(previous), { b: 1 }), previous))).toBe(
      packet(ODD[0] as string, variable('b', number('1'))),
    )
  })

  it('copies no characters of another encoding', () => {
    const latin1 = `<?xml version='1.0' encoding='ISO-8859-1'?>${packet(
      variable('a', '<string>Ã©</string>'),
      variable('b', number('1.0')),
      variable('é', '<null />'),
    )}`
    const previous = Buffer.from(latin1, 'latin1')
    const data = decode(previous)

    expect(data).toEqual({ a: 'Ã©', b: 1, é: null })
    expect(encode(data, previous)).toBe(previous)
    expect(text(encode(changed(data, { c: 1 }), previous))).toBe(
      packet(
        variable('a', '<string>Ã©</string>'),
        variable('b', number('1.0')),
        variable('é', '<null/>'),
        variable('c', number('1')),
      ),
    )
    // The bytes of this é are those of the text above, which says something else.
    expect(decode(encode(changed(data, { a: 'é' }), previous))['a']).toBe('é')
  })

  it('is a new one when the previous one is none', () => {
    const fresh = packet(variable('a', number('1')))

    for (const previous of [
      'x',
      packet('<null/>'),
      packet(variable('a', number('1'))).slice(0, -1),
    ]) {
      expect(text(encode({ a: 1 }, Buffer.from(previous)))).toBe(fresh)
    }
  })

  it('keeps to the limit, unless nothing changed', () => {
    const rules = { exact: false, maxDepth: 9, maxLength: 125 }
    const { encode, decode } = createWddxSerializer(rules)
    const previous = Buffer.from(packet(variable('a', '<string>"""""""""</string>')))
    const data = decode(previous)

    expect(previous.length).toBeLessThanOrEqual(125)
    expect(encode(data, previous)).toBe(previous)
    expect(() => encode(data)).toThrow(/larger than 125 bytes/)
    expect(() => encode(changed(data, { b: 1 }), previous)).toThrow(/larger than 125 bytes/)
  })

  it('says the same with every rule of exact mode', () => {
    const exact = createWddxSerializer({ exact: true, maxDepth: 4096, maxLength: Infinity })
    const previous = Buffer.from(packet(...ODD))

    expect(exact.encode(exact.decode(previous), previous)).toBe(previous)
    expect(text(exact.encode(changed(exact.decode(previous), { whole: 5 }), previous))).toBe(
      packet(variable('whole', number('5')), ...ODD.slice(1)),
    )
  })
})
