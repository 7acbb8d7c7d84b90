import { describe, expect, it } from 'vitest'
import { EncodeError } from '../../../src/errors.js'
import { assertText, textRuleOf } from '../../../src/lib/text-column.js'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describe('text in columns', () => {
  it.each(['', 'n|i:1;', 'Zo\u00eb', '\u{1f600}', 'a\0b'])('is UTF-8: %j', (text) => {
    expect(() => assertText('table', bytes(text))).not.toThrow()
  })

  it.each([[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98], [0xc0, 0x80]])(
    'is nothing else: %j',
    (...values) => {
      expect(() => assertText('table', Uint8Array.from(values))).toThrow(EncodeError)
    },
  )

  it.each([
    ['utf8mb4', true, true, true],
    ['utf8mb3', true, true, false],
    ['utf8', true, true, false],
    ['latin1', true, false, false],
    ['ascii', true, false, false],
  ])('is what %s has', (characterSet, ascii, two, four) => {
    const takes = textRuleOf(characterSet)

    expect(['abc', 'Zo\u00eb', '\u{1f600}'].map((text) => takes(bytes(text)))).toEqual([
      ascii,
      two,
      four,
    ])
  })
})
