/** Payloads of a wanted size, ordinary ones and such that a careless reader takes long over. */
import { wire } from './typed-value.js'

/** Text of about so many bytes. */
export type Shape = (size: number) => Buffer

/** An array of entries, each made of its index. */
const array =
  (entry: (index: number) => string): Shape =>
  (size) => {
    const count = Math.floor(size / entry(100_000).length)
    return wire(
      `a:${count}:{${Array.from({ length: count }, (_, index) => entry(index)).join('')}}`,
    )
  }

const filled =
  (before: string, piece: string, after = ''): Shape =>
  (size) =>
    wire(before + piece.repeat(Math.floor(size / piece.length)) + after)

/** Eight characters, different for each index. */
export const padded = (index: number): string => String(index).padStart(8, 'k')

/** Equal in length, head, middle and tail: all that a cache of names might look at. */
const colliding = (index: number): string => {
  const digits = padded(index).replaceAll('k', 'a')
  return `kk${digits.slice(0, 4)}k${digits.slice(4)}k`
}

/** Numbers in an order that is neither rising nor falling. */
const scattered = (index: number): number => (index * 7919) % 16_000_057

const long = (size: number, text: string): string => text.repeat(Math.floor(size / text.length))

/** Values for `unserialize`, up to sixteen megabytes; of some, the reader refuses the end only. */
export const VALUES: Readonly<Record<string, Shape>> = {
  integers: array((index) => `i:${index};i:${index * 7};`),
  strings: array((index) => `i:${index};s:5:"abcde";`),
  'text with accents': array((index) => `i:${index};s:6:"\xc3\xa9\xc3\xa9\xc3\xa9";`),
  'bytes that are no text': array((index) => `i:${index};s:3:"\xff\xfe\xfd";`),
  floats: array((index) => `i:${index};d:${index}.5;`),
  'rows of a table': array((index) => `i:${index};a:3:{s:2:"id";i:${index};s:4:"name";s:3:"tea";s:5:"price";d:2.5;}`), // prettier-ignore
  'the same name': array(() => 's:4:"same";N;'),
  'escaped strings': array((index) => `i:${index};S:4:"\\61\\62\\63\\64";`),
  'the same object': array((index) => (index === 0 ? 'i:0;O:1:"A":0:{}' : `i:${index};r:2;`)),
  'references to one value': array((index) => (index === 0 ? 'i:0;i:5;' : `i:${index};R:2;`)),
  'references each to the value before': array((index) => (index % 2 === 0 ? `i:${index};N;` : `i:${index};R:${2 + (index - 1) / 2};`)), // prettier-ignore
  'one long string': (size) => wire(`s:${size}:"${'x'.repeat(size)}";`),
  'one long escaped string': (size) => wire(`S:${Math.floor(size / 3)}:"${long(size, '\\61')}";`),
  'one long integer': filled('i:', '0', '1;'),
  'one long float': filled('d:0.', '1', ';'),
  'one long length': filled('s:', '9', ':"";'),
  'one long count': filled('a:', '9', ':{}'),
  'deep arrays': array((index) => `i:${index};${'a:1:{i:0;'.repeat(4000)}N;${'}'.repeat(4000)}`),
  'no end': filled('a:99999:{', 'i:0;N;'),
}

/** Values that take many times their bytes in memory, up to four megabytes. */
export const LARGE_VALUES: Readonly<Record<string, Shape>> = {
  'small objects': array((index) => `i:${index};O:1:"A":1:{s:1:"a";N;}`),
  'objects that serialized themselves': array((index) => `i:${index};C:1:"A":4:{i:1;}`),
  'enum cases': array((index) => `i:${index};E:12:"Suit:H${padded(index).slice(2)}";`),
  'empty arrays': array((index) => `i:${index};a:0:{}`),
  'names that never come again': array((index) => `s:8:"${padded(index)}";N;`),
  'names that collide': array((index) => `s:12:"${colliding(index)}";N;`),
  'integer keys out of order': array((index) => `i:${scattered(index)};N;`),
  'integer keys far apart': array((index) => `i:${index * 1000};N;`),
  'keys that are no text': array((index) => `s:9:"\xff${padded(index)}";N;`),
  'references to the root': array((index) => `i:${index};R:1;`),
  'one long slot': filled('a:2:{i:0;N;i:1;R:', '0', '2;}'),
  'one long name that is no text': (size) => wire(`O:1:"A":1:{s:${size}:"${'\xff'.repeat(size)}";N;}`), // prettier-ignore
  // A chain as long as these keeps the engine's collector busy beyond its bytes.
  'one deep array': filled('', 'a:1:{i:0;'),
  'arrays that claim more than there is': filled('', 'a:9:{i:0;'),
  'one deep object': filled('', 'O:1:"A":1:{s:1:"a";'),
  'data within data': nested('C:1:"A"'),
}

/** Data in data in data; each level with its share of the bytes. */
function nested(head: string): Shape {
  return (size) => {
    const share = Math.floor(size / 8)
    let data = `s:${share}:"${'x'.repeat(share)}";`
    for (let depth = 1; depth < 8; depth += 1) {
      data = `a:2:{i:0;s:${share}:"${'x'.repeat(share)}";i:1;${head}:${data.length}:{${data}}}`
    }
    return wire(`a:3:{i:0;${head}:${data.length}:{${data}}i:1;O:1:"B":0:{}i:2;R:2;}`)
  }
}

/** The text of a session in format `php`, of so many variables, each made of its index. */
export function sessionOf(count: number, value: (index: number) => string): Buffer {
  const names = Array.from({ length: count }, (_, index) => `${padded(index)}|${value(index)}`)
  return wire(names.join(''))
}
