import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DATA_CHECKS } from '../../src/php/builtin-data.js'
import {
  checkBuiltIn,
  checkBuiltInData,
  isBuiltInClass,
  refusedClass,
} from '../../src/php/builtins.js'
import { PhpFloat, PhpObject, PhpReference, PhpSerializable } from '../../src/php/values.js'

const RUNS = { numRuns: 10_000 }

const name = fc.constantFrom(...DATA_CHECKS.keys())
const key = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 'date', 'timezone', 'timezone_type', '__proto__', '0', '\0*\0line'),
  fc.string(),
  fc.bigInt(),
)
const value = fc.oneof(
  fc.anything(),
  fc.constantFrom([], null, 0, 3, 'UTC', new PhpFloat(1), new PhpReference(null)),
  fc.bigInt(),
)

it('any data of any class of PHP has a verdict, and no error', () => {
  fc.assert(
    fc.property(name, fc.array(fc.tuple(key, value), { maxLength: 6 }), (className, members) => {
      const object = new PhpObject(className)
      for (const [each, content] of members) object.members.set(each, content)

      expect(typeof checkBuiltIn(object)).toBe('boolean')
    }),
    RUNS,
  )
})

it('any bytes of any class of PHP have a verdict, and no error', () => {
  fc.assert(
    fc.property(name, fc.uint8Array(), (className, data) => {
      expect(typeof checkBuiltInData(new PhpSerializable(className, data))).toBe('boolean')
    }),
    RUNS,
  )
})

it('a name has the same verdict in any letter case, however often it is asked', () => {
  fc.assert(
    fc.property(fc.oneof(name, fc.constantFrom('Closure', 'Iterator'), fc.string()), (text) => {
      const same = [text, text, text.replace(/[a-z]/g, (letter) => letter.toUpperCase())]

      expect(new Set(same.map(isBuiltInClass)).size).toBe(1)
      expect(new Set(same.map(refusedClass)).size).toBe(1)
    }),
    RUNS,
  )
})
