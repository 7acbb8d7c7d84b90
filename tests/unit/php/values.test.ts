import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { floatText } from '../../../src/php/float.js'
import { integerKey } from '../../../src/php/keys.js'
import { nameBytes, nameText } from '../../../src/php/names.js'
import {
  isShared,
  kindOf,
  PhpEnum,
  PhpObject,
  PhpReference,
  PhpSerializable,
} from '../../../src/php/values.js'

describe('PhpObject', () => {
  const user = (): PhpObject =>
    new PhpObject('User', { id: 7 })
      .define({ name: 'email', visibility: 'protected', value: 'a' })
      .define({ name: 'hash', visibility: 'private', value: 'own' })
      .define({ name: 'salt', visibility: 'private', declaringClass: 'Base', value: 'parent' })

  it('finds properties by plain name, whatever their visibility', () => {
    const object = user()

    expect(['id', 'email', 'hash', 'salt'].map((name) => object.get(name))).toEqual([
      7,
      'a',
      'own',
      'parent',
    ])
    expect(object.has('email')).toBe(true)
    expect(object.has('none')).toBe(false)
    expect(object.get('none')).toBeUndefined()
    expect(object.get('__proto__')).toBeUndefined()
  })

  it('changes a property in its place and visibility, and adds public ones last', () => {
    const object = user().set('hash', 'new').set('added', 1)

    expect([...object.members.keys()]).toEqual([
      'id',
      '\0*\0email',
      '\0User\0hash',
      '\0Base\0salt',
      'added',
    ])
    expect(object.get('hash')).toBe('new')
  })

  it('removes a property by plain name', () => {
    const object = user()

    expect(object.delete('email')).toBe(true)
    expect(object.delete('email')).toBe(false)
    expect(object.has('email')).toBe(false)
  })

  it('takes the public one where several have the same plain name', () => {
    const object = new PhpObject('A', { x: 'public' }).define({
      name: 'x',
      visibility: 'private',
      value: 'private',
    })

    expect(object.get('x')).toBe('public')
    expect(object.properties()).toHaveLength(2)
  })

  it('shows its class and properties when inspected', () => {
    expect(inspect(user(), { breakLength: Infinity })).toBe(
      "PhpObject<User> { id: 7, 'email:protected': 'a', 'hash:private': 'own', 'salt:private': 'parent' }",
    )
    expect(inspect(new PhpEnum('Suit', 'Hearts'))).toBe('PhpEnum<Suit::Hearts>')
  })

  it.each(['', '\\A', 'a b', 'A-B', '\0A'])(
    'refuses a class name PHP does not have: %j',
    (name) => {
      expect(() => new PhpObject(name)).toThrow(RangeError)
      expect(() => new PhpSerializable(name, new Uint8Array())).toThrow(RangeError)
      expect(() => new PhpEnum(name, 'A')).toThrow(RangeError)
    },
  )

  it.each(['A', 'App\\Model\\User', '1ab', 'ÜnïCode'])('takes one that it has: %s', (name) => {
    expect(new PhpObject(name).className).toBe(name)
  })

  it('has no enum case that is no identifier', () => {
    expect(() => new PhpEnum('A', '1st')).toThrow(RangeError)
    expect(() => new PhpEnum('A', '')).toThrow(RangeError)
  })
})

describe('the kinds', () => {
  it('are known by a registered symbol, so that two copies of the library agree', () => {
    const foreign = { [Symbol.for('sessionz.php.kind')]: 'enum' }

    expect(kindOf(new PhpObject('A'))).toBe('object')
    expect(kindOf(new PhpReference(1))).toBe('reference')
    expect(kindOf(foreign)).toBe('enum')
    expect(kindOf({})).toBeUndefined()
  })

  it('are shared by identity, references excepted', () => {
    expect(isShared(new PhpObject('A'))).toBe(true)
    expect(isShared(new PhpReference(new PhpObject('A')))).toBe(false)
    expect(isShared({})).toBe(false)
    expect(isShared(null)).toBe(false)
  })
})

describe('floats', () => {
  it.each([
    [0.1, '0.1'],
    [-0, '-0'],
    [0, '0'],
    [0.0001, '0.0001'],
    [0.00001, '1.0E-5'],
    [-1.5e-25, '-1.5E-25'],
    [1e15, '1000000000000000'],
    [1e16, '10000000000000000'],
    [1e17, '1.0E+17'],
    [123456789012345680, '1.2345678901234568E+17'],
    [1.7976931348623157e308, '1.7976931348623157E+308'],
    [5e-324, '5.0E-324'],
    [Infinity, 'INF'],
    [-Infinity, '-INF'],
    [NaN, 'NAN'],
  ])('%d is %s', (value, text) => {
    expect(floatText(value)).toBe(text)
  })
})

describe('array keys', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['-7', -7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', 9007199254740992n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
  ])('%s is an integer', (text, key) => {
    expect(integerKey(text)).toBe(key)
  })

  it.each(['', '-', '-0', '01', '+1', ' 1', '1 ', '1.0', '1e3', '0x1', '9223372036854775808', '٣'])(
    '%j stays a string',
    (text) => {
      expect(integerKey(text)).toBeUndefined()
    },
  )
})

describe('names', () => {
  it.each(['', 'a', 'é', '日本', '\ufffd', 'a\0b'])('of UTF-8 are text: %j', (name) => {
    expect(nameText(Buffer.from(name))).toBe(name)
    expect(nameBytes(name)).toEqual(Buffer.from(name))
  })

  it.each(['ff', 'c3', 'c3a9ff', '80c3a9', 'eda080', 'f09f98', 'c080', 'f5808080', '61e282'])(
    'of other bytes come back: %s',
    (hex) => {
      const bytes = Buffer.from(hex, 'hex')

      expect(nameBytes(nameText(bytes))).toEqual(bytes)
    },
  )

  it('that no bytes read as are none', () => {
    for (const name of ['\ud800', '\udc41', '\udcc3\udca9', 'a\udbff']) {
      expect(nameBytes(name)).toBeUndefined()
    }
  })

  it('are read in linear time, whatever the bytes are', () => {
    const bytes = Buffer.from('ff'.repeat(200_000), 'hex')

    expect(nameBytes(nameText(bytes))).toEqual(bytes)
  })
})

describe('inspecting an object', () => {
  it('names the class and ends at a cycle', () => {
    const root = new PhpObject('A', { n: 1 })
    root.set('self', root)

    expect(inspect(root)).toBe('<ref *1> PhpObject<A> { n: 1, self: [Circular *1] }')
  })

  it('goes as deep as it is asked to', () => {
    let object = new PhpObject('End')
    for (let depth = 0; depth < 40; depth += 1)
      object = new PhpObject('A', { a: object, b: object })

    expect(inspect(object).length).toBeLessThan(2000)
    expect(inspect(object, { depth: 0 })).toBe(
      'PhpObject<A> { a: [PhpObject<A>], b: [PhpObject<A>] }',
    )
    expect(inspect(object)).toBe(inspect(object))
  })

  it('shows what it holds now', () => {
    const object = new PhpObject('A', { gone: 1 })
    inspect(object)
    object.delete('gone')
    object.define({ name: 'p', visibility: 'private', value: 2 })

    expect(inspect(object)).toBe("PhpObject<A> { 'p:private': 2 }")
  })
})
