/** Time grows with the bytes and not with their square: two megabytes of each shape take no age. */
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { createWddxSerializer } from '../../../src/serializers/wddx.js'

const { encode, decode } = createWddxSerializer({
  exact: true,
  maxDepth: Infinity,
  maxLength: Infinity,
})

const SIZE = 2_000_000
/** Ten times what the slowest takes; a square would take a hundred times that. */
const LIMIT_MS = 15_000

const BEFORE = "<wddxPacket version='1.0'><header/><data><struct>"
const AFTER = '</struct></data></wddxPacket>'

const session = (struct: string): Buffer => Buffer.from(BEFORE + struct + AFTER)
const value = (element: string): Buffer => session(`<var name='v'>${element}</var>`)
const many = (entry: (index: number) => string): string => {
  const count = Math.floor(SIZE / entry(10_000).length)
  return Array.from({ length: count }, (_, index) => entry(index)).join('')
}
const array = (entry: (index: number) => string): Buffer =>
  value(`<array length='1'>${many(entry)}</array>`)
const struct = (entry: (index: number) => string): Buffer =>
  value(`<struct>${many(entry)}</struct>`)
const variable = (name: string | number, element = '<null/>'): string =>
  `<var name='${name}'>${element}</var>`

const READABLE: Record<string, Buffer> = {
  variables: session(many((index) => variable(`k${index}`))),
  'variables of one name': session(many(() => variable('k', '<number>1.0</number>'))),
  'variables without a name': session(many(() => variable(''))),
  numbers: array((index) => `<number>${index}</number>`),
  floats: array((index) => `<number>${index}.50</number>`),
  strings: array(() => '<string>é&amp;&#13;</string>'),
  'empty strings': array(() => '<string/>'),
  arrays: array(() => '<array/>'),
  'names that never come again': struct((index) => variable(`k${index}`)),
  'one name': struct(() => variable('k')),
  'keys out of order': struct((index) => variable(1_000_000 - index)),
  'keys far apart': struct((index) => variable(index * 1000)),
  'values without a name': struct(() => variable('')),
  objects: array(() => `<struct>${variable('php_class_name', '<string>A</string>')}</struct>`),
  'an object behind its properties': value(
    `<struct>${many((index) => variable(`k${index}`))}${variable('php_class_name', '<string>A</string>')}</struct>`,
  ),
  dates: array(() => '<dateTime>1998-06-12T04:32:12</dateTime>'),
  'one long string': value(`<string>${'x'.repeat(SIZE)}</string>`),
  'one long string of references': value(`<string>${'&lt;'.repeat(SIZE / 4)}</string>`),
  'one long string of comments': value(`<string>${'<!---->'.repeat(SIZE / 8)}</string>`),
  'one long string of CDATA': value(`<string>${'<![CDATA[]]>'.repeat(SIZE / 12)}</string>`),
  'one long string of characters': value(
    `<string>${"<char code='1'/>".repeat(SIZE / 16)}</string>`,
  ),
  'one long string of bytes': value(`<string>${"<char code='F1'/>".repeat(SIZE / 17)}</string>`),
  'one long string of line ends': value(`<string>${'\r'.repeat(SIZE)}</string>`),
  'one long name': session(variable('&amp;'.repeat(SIZE / 5))),
  'one long binary': value(`<binary>${'AAAA'.repeat(SIZE / 4)}</binary>`),
  'one long integer': value(`<number>${'0'.repeat(SIZE)}1</number>`),
  'one long float': value(`<number>0.${'1'.repeat(SIZE)}</number>`),
  'one long comment': value(`<!--${' - '.repeat(SIZE / 3)}--><null/>`),
  'white space': session(`${' '.repeat(SIZE)}<var  ${' '.repeat(SIZE)}name='a'><null/></var>`),
  attributes: value(`<array ${many((index) => `a${index}='1' `)}/>`),
  'fields of a recordset': value(`<recordset fieldNames='a${many((index) => `,a${index}`)}'/>`),
  'one field many times': value(
    `<recordset fieldNames='a'>${many(() => "<field name='a'><null/></field>")}</recordset>`,
  ),
  'one deep array': value(`${'<array>'.repeat(SIZE / 15)}${'</array>'.repeat(SIZE / 15)}`),
  'one deep struct': value(
    `${"<struct><var name='a'>".repeat(SIZE / 36)}<null/>${'</var></struct>'.repeat(SIZE / 36)}`,
  ),
}

const UNREADABLE: Record<string, Buffer> = {
  'one open array': Buffer.from(`${BEFORE}<var name='a'>${'<array>'.repeat(SIZE / 7)}`),
  'one open struct': Buffer.from(BEFORE + "<var name='a'><struct>".repeat(SIZE / 22)),
  'one open comment': Buffer.from(`<!--${' - '.repeat(SIZE / 3)}`),
  'one open CDATA section': value(`<string><![CDATA[${']]'.repeat(SIZE / 2)}`),
  'one open attribute': Buffer.from(`${BEFORE}<var name='${'a"'.repeat(SIZE / 2)}`),
  'one open name': Buffer.from(`${BEFORE}<${'v'.repeat(SIZE)}`),
  'one open reference': value(`<string>&${'#'.repeat(SIZE)}</string>`),
  'one reference of many digits': value(`<string>&#${'0'.repeat(SIZE)};</string>`),
  ampersands: value(`<string>${'&'.repeat(SIZE)};</string>`),
  'a number that ends wrong': value(`<number>${'1'.repeat(SIZE)}x</number>`),
  'a number of spaces': value(`<number>${' '.repeat(SIZE)}</number>`),
  'a number of spaces that ends wrong': value(`<number>1${' '.repeat(SIZE)}x</number>`),
  'a float that ends wrong': value(`<number>.${'1'.repeat(SIZE)}e</number>`),
  'Base64 that ends wrong': value(`<binary>${'='.repeat(SIZE)}x</binary>`),
  'a wrong byte': Buffer.concat([value(`<string>${'é'.repeat(SIZE / 2)}`), Buffer.of(0x80)]),
  'continuation bytes': Buffer.alloc(SIZE, 0x80),
}

/** Milliseconds of processor time, whatever else the machine is busy with. */
function costOf(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('two megabytes', () => {
  it.each(Object.keys(READABLE))('of %s are read and written in proportion', (shape) => {
    const bytes = READABLE[shape] as Buffer
    const cost = costOf(() => encode({ ...decode(bytes), added: 1 }, bytes))

    expect(cost).toBeLessThan(LIMIT_MS)
  })

  it.each(Object.keys(UNREADABLE))('of %s are refused in proportion', (shape) => {
    const bytes = UNREADABLE[shape] as Buffer
    const cost = costOf(() => expect(() => decode(bytes)).toThrow(DecodeError))

    expect(cost).toBeLessThan(LIMIT_MS)
  })

  it('would take longer than that if time grew with their square', () => {
    const bytes = READABLE['empty strings'] as Buffer
    const text = bytes.toString('latin1')
    const part = costOf(() => {
      // One of the thousand places where a reader could look up to the end.
      for (let from = 0; from < 100; from += 1) text.slice(from).match(/never/)
    })

    expect((part / 100) * (SIZE / '<string/>'.length)).toBeGreaterThan(LIMIT_MS)
  })
})
