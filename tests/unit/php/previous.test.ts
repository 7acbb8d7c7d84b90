/** What nobody changed is written back byte for byte, whatever stands beside it. */
import { describe, expect, it } from 'vitest'
import { PhpObject, type PhpReference } from '../../../src/php/values.js'
import type { SessionData } from '../../../src/serializer.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

type Change = (data: SessionData) => void

/** Reads a session, changes it and writes it over what was read. */
function rewrite(format: string, before: string, change: Change): string {
  const serializer = serializerFor(format)
  const previous = wire(before)
  const data = serializer.decode(previous)
  change(data)
  const after = serializer.encode(data, previous)
  // Whatever was kept, the values are those of the data.
  expect(serializer.encode({ ...serializer.decode(after) })).toEqual(
    serializer.encode(inOrder(data, Object.keys(serializer.decode(after)))),
  )
  return text(after)
}

function inOrder(data: SessionData, names: readonly string[]): SessionData {
  return Object.fromEntries(names.map((name) => [name, data[name]]))
}

const php = (before: string, change: Change): string => rewrite('php', before, change)
const array = (before: string, change: Change): string => rewrite('php_serialize', before, change)

/** Texts that are not what Node would write for their values. */
const ODD = [
  'd:5;',
  'd:0.10000000000000001;',
  'd:1.0E+2;',
  'i:+5;',
  'i:007;',
  's:3:"\xff\x00\x80";',
  's:01:"a";',
  'S:1:"\\61";',
  'a:2:{i:0;d:5;i:1;i:6;}',
  'a:1:{s:1:"7";d:1;}',
  'a:3:{s:1:"a";i:1;s:1:"b";d:2;s:1:"a";i:3;}',
  'a:2:{s:1:"b";d:1;i:0;d:2;}',
  'a:1:{s:1:"\xff";d:1;}',
  'O:3:"Foo":3:{s:1:"a";d:5;s:4:"\0*\0b";i:2;s:6:"\0Foo\0c";d:3;}',
  'O:03:"Foo":0:{}',
  'O:3:"Foo"::{}',
  'C:3:"Old":4:{d:5;}',
  'E:11:"Suit:Hearts";',
  'd:-0;',
  'i:99999999999999999999;',
]

describe('a session that did not change', () => {
  it.each(ODD)('is the very bytes it was: %j', (odd) => {
    for (const [format, bytes] of [
      ['php', wire(`a|i:1;odd|${odd}z|i:2;`)],
      ['php_serialize', wire(`a:3:{s:1:"a";i:1;s:3:"odd";${odd}s:1:"z";i:2;}`)],
    ] as const) {
      const serializer = serializerFor(format)

      expect(serializer.encode(serializer.decode(bytes), bytes)).toBe(bytes)
    }
  })

  it.each([
    ['php', 'a|i:1;a|d:2;b|i:3;'],
    ['php', 'b|d:1;7|d:2;0|i:3;'],
    ['php_serialize', 'a:1:{s:1:"a";d:1;}and more'],
    ['php_serialize', 'a:01:{s:1:"a";i:1;}'],
    ['php_serialize', 'a:3:{s:1:"b";i:1;i:0;d:2;i:-5;i:3;}'],
    ['php_serialize', 'a:2:{s:1:"7";i:1;i:7;d:2;}'],
    ['php', 'a|i:1;b|R:1;'],
    ['php', 'a|O:1:"A":0:{}b|R:1;c|r:1;'],
    ['php', 'a|O:1:"A":1:{s:1:"a";d:5;}a|O:1:"B":0:{}b|r:1;'],
    ['php_serialize', 'a:2:{s:1:"a";R:1;s:1:"b";d:1;}'],
  ])('is, in format %s, the very bytes it was: %j', (format, bytes) => {
    const serializer = serializerFor(format)
    const previous = wire(bytes)

    expect(serializer.encode(serializer.decode(previous), previous)).toBe(previous)
  })

  it('is also one whose data was made anew', () => {
    const previous = wire('a|d:5;b|a:2:{i:0;i:+1;i:1;d:2;}')

    expect(serializerFor('php').encode({ b: [1, 2], a: 5 }, previous)).toBe(previous)
  })
})

describe('one variable changed', () => {
  it.each(ODD)('leaves those beside it as they are: %j', (odd) => {
    const set: Change = (data) => void (data['n'] = 'changed')

    expect(php(`odd|${odd}n|i:1;last|${odd}`, set)).toBe(`odd|${odd}n|s:7:"changed";last|${odd}`)
    expect(array(`a:3:{s:3:"odd";${odd}s:1:"n";i:1;i:7;${odd}}`, set)).toBe(
      `a:3:{s:3:"odd";${odd}s:1:"n";s:7:"changed";i:7;${odd}}`,
    )
  })

  it('is written as Node writes it, in its place', () => {
    expect(php('a|a:2:{i:0;d:5;i:1;i:1;}b|d:5;', (data) => ((data['a'] as number[])[1] = 2))).toBe(
      'a|a:2:{i:0;i:5;i:1;i:2;}b|d:5;',
    )
  })

  it('is no change when it has the same value again', () => {
    expect(php('a|d:5;b|i:1;', (data) => Object.assign(data, { a: 6, b: 2 }, { a: 5 }))).toBe(
      'a|d:5;b|i:2;',
    )
  })
})

describe('variables added, removed and moved', () => {
  it('leave the others where they are; new ones come last', () => {
    expect(
      php('a|d:1;b|d:2;c|d:3;', (data) => {
        delete data['b']
        const { a } = data
        delete data['a']
        data['new'] = true
        data['a'] = a
        data['gone'] = undefined
      }),
    ).toBe('a|d:1;c|d:3;new|b:1;')
  })

  it('are counted in php_serialize', () => {
    expect(array('a:1:{s:1:"a";d:1;}junk', (data) => void (data['b'] = 1))).toBe(
      'a:2:{s:1:"a";d:1;s:1:"b";i:1;}',
    )
    expect(array('a:2:{s:1:"a";d:1;i:0;d:2;}', (data) => delete data['a'])).toBe('a:1:{i:0;d:2;}')
  })

  it('leave only the later of two with one name', () => {
    expect(php('a|d:1;b|d:2;a|d:3;', (data) => void (data['c'] = 4))).toBe('a|d:3;b|d:2;c|i:4;')
  })

  it('may leave nothing', () => {
    expect(php('a|d:1;', (data) => delete data['a'])).toBe('')
    expect(array('a:1:{s:1:"a";d:1;}', (data) => delete data['a'])).toBe('a:0:{}')
  })
})

describe('references', () => {
  const FOO = 'O:3:"Foo":1:{s:1:"f";d:5;}'

  it('within a variable move with it', () => {
    expect(
      php(`n|i:1;a|a:3:{i:0;${FOO}i:1;r:3;i:2;d:7;}z|d:1;`, (data) => void (data['n'] = [1, 2])),
    ).toBe(`n|a:2:{i:0;i:1;i:1;i:2;}a|a:3:{i:0;${FOO}i:1;r:5;i:2;d:7;}z|d:1;`)
  })

  it('across variables move with what they refer to', () => {
    const before = `n|i:1;a|${FOO}b|a:2:{i:0;r:2;i:1;d:7;}c|R:5;d|R:5;`

    expect(php(before, (data) => void (data['n'] = [1, 2, 3]))).toBe(
      `n|a:3:{i:0;i:1;i:1;i:2;i:2;i:3;}a|${FOO}b|a:2:{i:0;r:5;i:1;d:7;}c|R:8;d|R:8;`,
    )
    expect(php(before, (data) => delete data['n'])).toBe(
      `a|${FOO}b|a:2:{i:0;r:1;i:1;d:7;}c|R:4;d|R:4;`,
    )
    expect(php(before, (data) => void (data['x'] = 1))).toBe(`${before}x|i:1;`)
  })

  it('take more or fewer digits where they have to', () => {
    const before = `n|i:1;a|${FOO}b|a:2:{i:0;r:2;i:1;d:7;}`
    const grown = Array.from({ length: 100 }, (_, index) => index)

    const after = php(before, (data) => void (data['n'] = grown))

    expect(after.endsWith(`a|${FOO}b|a:2:{i:0;r:102;i:1;d:7;}`)).toBe(true)
    expect(php(after, (data) => void (data['n'] = 1))).toBe(before)
  })

  it('to a variable that changed are written anew, with the right slot', () => {
    expect(
      php(`a|a:1:{i:0;${FOO}}b|a:2:{i:0;r:2;i:1;d:7;}c|d:9;`, (data) =>
        (data['a'] as unknown[]).unshift('new'),
      ),
    ).toBe('a|a:2:{i:0;s:3:"new";i:1;O:3:"Foo":1:{s:1:"f";i:5;}}b|a:2:{i:0;r:3;i:1;d:7;}c|d:9;')
  })

  it('to a variable that is gone become what they referred to', () => {
    expect(php(`a|${FOO}b|a:2:{i:0;r:1;i:1;d:7;}c|d:9;`, (data) => delete data['a'])).toBe(
      'b|a:2:{i:0;O:3:"Foo":1:{s:1:"f";d:5;}i:1;d:7;}c|d:9;',
    )
  })

  it('from a changed variable lead into a copied one', () => {
    expect(
      php(`a|a:2:{i:0;d:1;i:1;${FOO}}n|i:1;`, (data) => {
        data['n'] = (data['a'] as unknown[])[1]
      }),
    ).toBe(`a|a:2:{i:0;d:1;i:1;${FOO}}n|r:3;`)
  })

  it('that the application made are written', () => {
    expect(php(`a|${FOO}b|${FOO}`, (data) => void (data['b'] = data['a']))).toBe(`a|${FOO}b|r:1;`)
    expect(
      php(`a|d:1;b|i:2;`, (data) => {
        const object = new PhpObject('A')
        data['b'] = [object, object]
      }),
    ).toBe('a|d:1;b|a:2:{i:0;O:1:"A":0:{}i:1;r:3;}')
  })

  it('that the application took apart are not', () => {
    expect(
      php(`a|${FOO}b|r:1;c|d:1;`, (data) => {
        data['b'] = new PhpObject('Foo', { f: 5 })
      }),
    ).toBe(`a|${FOO}b|O:3:"Foo":1:{s:1:"f";d:5;}c|d:1;`)
    expect(php('a|i:1;b|R:1;c|d:1;', (data) => void (data['b'] = 2))).toBe('a|i:1;b|i:2;c|d:1;')
  })

  it('change with what they refer to', () => {
    expect(
      php('a|i:1;b|R:1;c|d:1;', (data) => {
        ;(data['a'] as PhpReference).value = 2
      }),
    ).toBe('a|i:2;b|R:1;c|d:1;')
  })

  it('of php_serialize count the array, and keep their keys', () => {
    expect(
      array(`a:3:{i:7;i:1;s:1:"a";${FOO}s:1:"b";a:2:{i:0;r:3;i:1;d:7;}}`, (data) => {
        data['7'] = [1]
      }),
    ).toBe(`a:3:{i:7;a:1:{i:0;i:1;}s:1:"a";${FOO}s:1:"b";a:2:{i:0;r:4;i:1;d:7;}}`)
  })

  it('to the whole session are written with a right slot', () => {
    expect(
      array('a:3:{s:1:"n";i:1;s:1:"a";R:1;s:1:"b";d:2;}', (data) => {
        ;(data['a'] as PhpReference).value = 'text'
      }),
    ).toBe('a:3:{s:1:"n";i:1;s:1:"a";s:4:"text";s:1:"b";d:2;}')
  })

  it('among variables of one name are written anew', () => {
    expect(php(`a|i:1;a|${FOO}b|r:1;c|i:1;`, (data) => void (data['c'] = 2))).toBe(
      'a|O:3:"Foo":1:{s:1:"f";d:5;}b|r:1;c|i:2;',
    )
  })
})

describe('a previous payload that is none', () => {
  it.each(['', 'junk', 'a|i:1', 'a|R:9;b|i:1;', '\0\0\0\x02'])('is ignored: %j', (previous) => {
    const data = { a: 1, b: [new PhpObject('A')] }
    const { encode } = serializerFor('php')

    expect(encode(data, wire(previous))).toEqual(encode(data))
  })
})

describe('an unchanged variable whose object has to move', () => {
  const { encode, decode } = serializerFor('php')

  it.each([
    ['keeps its floats', 'a|O:1:"A":1:{s:1:"f";d:2;}b|r:1;', 'a|i:1;b|O:1:"A":1:{s:1:"f";d:2;}'],
    [
      'keeps the digits they had',
      'a|O:1:"A":1:{s:1:"f";d:0.10000000000000001;}b|r:1;',
      'a|i:1;b|O:1:"A":1:{s:1:"f";d:0.10000000000000001;}',
    ],
    [
      'keeps references to it apart from the object',
      'a|O:1:"A":0:{}b|a:3:{i:0;R:1;i:1;r:1;i:2;R:1;}',
      'a|i:1;b|a:3:{i:0;O:1:"A":0:{}i:1;r:3;i:2;R:3;}',
    ],
    [
      'shares it with the next',
      'a|O:1:"A":1:{s:1:"f";d:2;}b|r:1;c|a:1:{i:0;r:1;}d|d:3;',
      'a|i:1;b|O:1:"A":1:{s:1:"f";d:2;}c|a:1:{i:0;r:2;}d|d:3;',
    ],
    [
      'keeps a reference with its float',
      'a|d:2;b|R:1;c|a:2:{i:0;R:1;i:1;d:4;}',
      'a|i:1;b|d:2;c|a:2:{i:0;R:2;i:1;d:4;}',
    ],
  ])('%s', (_, before, after) => {
    const previous = wire(before)
    const data = decode(previous)
    data['a'] = 1

    expect(text(encode(data, previous))).toBe(after)
  })

  it('is written as the application has it where it is no longer shared', () => {
    const previous = wire('a|O:1:"A":1:{s:1:"f";d:2;}b|r:1;')
    const data = decode(previous)
    data['b'] = new PhpObject('A', { f: 2 })

    expect(text(encode(data, previous))).toBe(
      'a|O:1:"A":1:{s:1:"f";d:2;}b|O:1:"A":1:{s:1:"f";d:2;}',
    )
  })
})

describe('names that look like an index', () => {
  it('stay where they were read', () => {
    const { encode, decode } = serializerFor('php')
    const data = decode(wire('b|i:1;5|i:2;a|i:3;'))
    data['c'] = 4

    expect(text(encode(data))).toBe('b|i:1;5|i:2;a|i:3;c|i:4;')
  })

  it('do not come before what their data refers to', () => {
    const { encode, decode } = serializerFor('php_serialize')
    const previous = wire('a:2:{s:1:"k";O:8:"stdClass":0:{}i:0;C:6:"Nested":4:{r:2;}}')

    expect(encode(decode(previous), previous)).toBe(previous)
  })
})
