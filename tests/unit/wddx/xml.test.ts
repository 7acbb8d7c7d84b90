import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { wddxSerializer } from '../../../src/serializers/wddx.js'

const { decode } = wddxSerializer

const VARIABLE = "<var name='v'><number>1</number></var>"
const PACKET = `<wddxPacket version='1.0'><header/><data><struct>${VARIABLE}</struct></data></wddxPacket>`

const refused = (payload: Uint8Array | string, offset: number, expected: string): void => {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  expect(() => decode(bytes)).toThrow(new DecodeError('wddx', offset, expected))
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ offset }))
}

describe('a packet', () => {
  it.each([
    ['an XML declaration', `<?xml version='1.0'?>${PACKET}`],
    ['one with everything', `<?xml version="1.0" encoding='utf-8' standalone="yes" ?>\n${PACKET}`],
    ['a byte order mark', `\ufeff${PACKET}`],
    ['both', `\ufeff<?xml version='1.1'?>${PACKET}`],
    ['comments around', `<!-- a --> <!----> ${PACKET} <!-- b -->\n`],
    ['comments and white space within', PACKET.replace(/></g, '> <!-- < & ]]> -->\r\n\t<')],
    ['double quotes', PACKET.replace(/'/g, '"')],
    ['white space in tags', PACKET.replace(/\/?>/g, ' \n$&').replace(/=/g, ' =\t')],
    ['other attributes', PACKET.replace('<struct>', "<struct type='a' x:y=\"'&lt;>\">")],
    ['no version', PACKET.replace(" version='1.0'", '')],
    ['an open header', PACKET.replace('<header/>', '<header> </header>')],
    ['a comment', PACKET.replace('<header/>', '<header><comment>a &amp; b</comment></header>')],
    ['an empty comment', PACKET.replace('<header/>', '<header><comment/><!-- --></header>')],
    ['no header', PACKET.replace('<header/>', '')],
  ])('may have %s', (_, text) => {
    expect(decode(Buffer.from(text))).toEqual(decode(Buffer.from(PACKET)))
    expect(decode(Buffer.from(text))['v']).toBe(1)
  })

  it('may have an empty struct', () => {
    expect(
      Object.keys(decode(Buffer.from('<wddxPacket><data><struct/></data></wddxPacket>'))),
    ).toEqual([])
  })

  it.each([
    ['', '<a/>', 0, '<wddxPacket>'],
    ['not XML', 'a|i:1;', 0, '<wddxPacket>'],
    ['white space only', ' ', 1, '<wddxPacket>'],
    ['nothing in it', '<wddxPacket/>', 0, '<wddxPacket>'],
    ['no data', '<wddxPacket><header/></wddxPacket>', 21, '<data>'],
    ['no struct', '<wddxPacket><data></data></wddxPacket>', 18, '<struct>'],
    ['another value', '<wddxPacket><data><number>1</number></data></wddxPacket>', 18, '<struct>'],
    ['two values', '<wddxPacket><data><struct/><struct/></data></wddxPacket>', 27, '</data>'],
    ['two data', '<wddxPacket><data><struct/></data><data/></wddxPacket>', 34, '</wddxPacket>'],
    ['other letters', PACKET.replace(/wddxPacket/g, 'WDDXPACKET'), 0, '<wddxPacket>'],
    ['a prefix', '<w:wddxPacket/>', 2, 'the end of a tag'],
    ['something behind it', `${PACKET}x`, PACKET.length, 'the end of the data'],
    ['two packets', PACKET + PACKET, PACKET.length, 'the end of the data'],
    ['a wrong header', PACKET.replace('<header/>', '<header><null/></header>'), 34, '<comment>'],
  ])('is refused with %s', (_, text, offset, expected) => refused(text, offset, expected))

  it('says so when it is another format of PHP', () => {
    const igbinary = Buffer.from('\0\0\0\x02\x14\x01\x11\x01a\x06\x01', 'latin1')
    const msgpack = Buffer.from('\x81\xa1a\x01', 'latin1')

    refused(igbinary, 0, 'the format wddx, not igbinary, which is not supported,')
    refused(msgpack, 0, 'the format wddx, not msgpack, which is not supported,')
  })

  it('is refused at every place where it may be cut', () => {
    const text = `<?xml version='1.0'?><!-- c -->${PACKET.replace('1</number>', '1</number><!-- c -->')}`

    for (let length = 1; length < text.length; length += 1) {
      expect(() => decode(Buffer.from(text.slice(0, length)))).toThrow(DecodeError)
    }
    expect(decode(Buffer.from(text))).toEqual({ v: 1 })
  })

  it('is refused with any other element in any place', () => {
    for (const match of PACKET.matchAll(/>/g)) {
      const text = `${PACKET.slice(0, match.index + 1)}<what/>${PACKET.slice(match.index + 1)}`
      expect(() => decode(Buffer.from(text))).toThrow(DecodeError)
    }
  })
})

describe('XML that nobody needs', () => {
  it('is a document type, and what could be in it', () => {
    const laughs = Array.from(
      { length: 10 },
      (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`,
    ).join('')
    const doctype = `<!DOCTYPE w [<!ENTITY l0 "ha">${laughs}]>`

    refused(`<?xml version='1.0'?>${doctype}${PACKET.replace('1<', '&l10;<')}`, 21, '<wddxPacket>')
    refused(`<!DOCTYPE wddxPacket SYSTEM 'wddx_0100.dtd'>${PACKET}`, 0, '<wddxPacket>')
    refused(`<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>${PACKET}`, 0, '<wddxPacket>')
  })

  it('is a processing instruction', () => {
    refused(`<?php echo 1 ?>${PACKET}`, 0, 'an XML declaration')
    refused(` <?xml version='1.0'?>${PACKET}`, 1, '<wddxPacket>')
    refused(`<?xml version='1.0'?><?a?>${PACKET}`, 21, '<wddxPacket>')
    refused(PACKET.replace('<var', '<?a?><var'), 49, '<var>')
    refused(`<?xml version='2.0'?>${PACKET}`, 0, 'an XML declaration')
  })

  it('is any other entity', () => {
    const at = PACKET.indexOf('1</number>')

    for (const entity of [
      '&nbsp;',
      '&;',
      '& ',
      '&amp',
      '&AMP;',
      '&#;',
      '&#x;',
      '&#X41;',
      '&#-1;',
    ]) {
      refused(PACKET.replace('1<', `${entity}<`), at, 'an entity')
    }
    refused(PACKET.replace("'1.0'", "'&x;'"), 21, 'an entity')
  })

  it.each([
    '0',
    '1',
    '8',
    '11',
    'x1f',
    '55296',
    'xDFFF',
    'xfffe',
    '65535',
    'x110000',
    '99999999999',
  ])('is a reference to the character %s, which XML does not have', (code) =>
    refused(PACKET.replace('1<', `&#${code};<`), PACKET.indexOf('1<'), 'an entity'),
  )
})

describe('broken XML', () => {
  it.each([
    ['an attribute twice', "<struct a='1' b='1' a='2'>", 19, 'an attribute only once'],
    ['attributes without a space', "<struct a='1'b='2'>", 13, 'the end of a tag'],
    ['an attribute without quotes', '<struct a=1>', 7, 'the end of a tag'],
    ['an attribute without a value', '<struct a>', 7, 'the end of a tag'],
    ['a tag in an attribute', "<struct a='<'>", 11, 'the end of an attribute'],
    ['two hyphens in a comment', '<!-- a -- b --><struct>', 7, 'the end of a comment'],
    ['too many hyphens', '<!-- a ---><struct>', 7, 'the end of a comment'],
    ['an open tag', '<struct <', 7, 'the end of a tag'],
  ])('has %s', (_, tag, offset, expected) => {
    const at = PACKET.indexOf('<struct>')

    refused(PACKET.replace('<struct>', tag), at + offset, expected)
  })

  it.each([
    ['the end of a CDATA section outside of one', 'a]]>b', 1, 'text without the end of a CDATA section'], // prettier-ignore
    ['a control character', 'a\x01b', 1, 'a character of XML'],
    ['NUL', '\0', 0, 'a character of XML'],
    ['U+FFFF', 'aé\uffff', 3, 'a character of XML'],
    ['U+FFFE', '\ufffe', 0, 'a character of XML'],
  ])('has %s', (_, text, offset, expected) => {
    refused(PACKET.replace('1<', `${text}<`), PACKET.indexOf('1<') + offset, expected)
  })

  it('has no end of a comment, a CDATA section, an attribute or a text', () => {
    const upTo = (part: string, rest: string): string =>
      PACKET.slice(0, PACKET.indexOf(part)) + rest

    for (const [text, expected] of [
      [upTo('<struct>', '<!-- - -'), 'the end of a comment'],
      [upTo('1<', '<![CDATA[ ]] >'), 'the end of a CDATA section'],
      [upTo("v'>", 'v'), 'the end of an attribute'],
      [upTo('</number>', ''), 'an end tag'],
    ] as const) {
      refused(text, text.length, expected)
    }
  })
})

describe('encodings', () => {
  const text = (encoding: string, value: string): string =>
    `<?xml version='1.0' encoding='${encoding}'?>${PACKET.replace('<number>1</number>', `<string>${value}</string>`)}`

  it('are UTF-8, and ISO-8859-1 where the packet says so', () => {
    expect(decode(Buffer.from(text('UTF-8', 'é€'), 'utf8'))['v']).toBe('é€')
    expect(decode(Buffer.from(text('iso-8859-1', 'é\x85&#8364;'), 'latin1'))['v']).toBe('é\x85€')
    expect(
      Object.keys(decode(Buffer.from(text('ISO-8859-1', '').replace("'v'", "'é'"), 'latin1'))),
    ).toEqual(['é'])
  })

  it.each(['UTF-16', 'windows-1252', 'ISO-8859-15', 'US-ASCII', 'latin1'])('are not %s', (name) => {
    refused(text(name, ''), 0, 'the encoding UTF-8 or ISO-8859-1')
  })

  it('do not contradict a byte order mark', () => {
    refused(`\ufeff${text('ISO-8859-1', '')}`, 3, 'the encoding UTF-8 or ISO-8859-1')
    refused(Buffer.from(`\ufeff${PACKET}`, 'utf16le'), 0, 'UTF-8')
  })

  it.each([
    ['a lone byte', [0xe9]],
    ['a byte too few', [0xe2, 0x82]],
    ['a byte too many', [0x82]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['more than Unicode has', [0xf4, 0x90, 0x80, 0x80]],
    ['many of them', Array.from({ length: 99 }, () => 0x80)],
  ])('are refused with %s, where it begins', (_, wrong) => {
    for (const before of ['', 'é', '€😀'.repeat(7)]) {
      for (const after of ['', 'x', 'é'.repeat(50)]) {
        const bytes = Buffer.concat([
          Buffer.from(PACKET.slice(0, PACKET.indexOf('1<')) + before),
          Buffer.from(wrong),
          Buffer.from(after + PACKET.slice(PACKET.indexOf('1<'))),
        ])
        refused(bytes, PACKET.indexOf('1<') + Buffer.byteLength(before), 'UTF-8')
      }
    }
  })
})
