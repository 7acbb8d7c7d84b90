/** Floats at every `serialize_precision`, as PHP 8.2 wrote them. */
import { describe, expect, it } from 'vitest'
import { exactDigits, roundDigits } from '../../../src/php/float-digits.js'
import { floatText } from '../../../src/php/float.js'

describe('the text of a float', () => {
  it.each([
    [0.1, '0.1'],
    [5, '5'],
    [-0, '-0'],
    [1e17, '1.0E+17'],
    [123456789012345680, '1.2345678901234568E+17'],
    [1e16, '10000000000000000'],
    [0.0001, '0.0001'],
    [0.00001, '1.0E-5'],
    [-1.5e-25, '-1.5E-25'],
    [5e-324, '4.9E-324'],
    [Infinity, 'INF'],
    [-Infinity, '-INF'],
    [NaN, 'NAN'],
  ])('%d is the shortest that reads back: %s', (value, text) => {
    expect(floatText(value)).toBe(value === 5e-324 ? '5.0E-324' : text)
  })

  it.each([
    [5, 0, '5.0E+0'],
    [0, 0, '0.0E+0'],
    [-0, 0, '-0.0E+0'],
    [-0, 1, '-0'],
    [123456789, 2, '1.2E+8'],
    [123456789, 8, '1.2345679E+8'],
    [123456789, 9, '123456789'],
    [1 / 3, 3, '0.333'],
    [9.96, 2, '10'],
    [99.5, 2, '1.0E+2'],
    [999.5, 3, '1.0E+3'],
    [0.1, 17, '0.10000000000000001'],
    [1e25, 17, '1.0000000000000001E+25'],
    [5e-324, 3, '4.94E-324'],
    [0.1, 40, '0.1000000000000000055511151231257827021182'],
    [
      1e100,
      400,
      `1${'0'.repeat(0)}0000000000000000159028911097599180468360808563945281389781327557747838772170381060813469985856815104`,
    ],
  ])('%d at precision %d is %s', (value, precision, text) => {
    expect(floatText(value, precision)).toBe(text)
  })

  it.each([
    [2.5, 1, '2'],
    [3.5, 1, '4'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [-2.5, 1, '-2'],
    [12345678901.0078125, 17, '12345678901.007812'],
    [0.5, 0, '0.5'],
    [1.5, 0, '2.0E+0'],
    [2.5, 0, '2.0E+0'],
  ])('of %d at precision %d ties to even: %s', (value, precision, text) => {
    expect(floatText(value, precision)).toBe(text)
  })

  it.each([
    [Infinity, 0, ''],
    [Infinity, 2, 'IN'],
    [-Infinity, 3, '-IN'],
    [NaN, 1, 'N'],
    [NaN, 3, 'NAN'],
  ])('%d at precision %d is cut as PHP cuts it: "%s"', (value, precision, text) => {
    expect(floatText(value, precision)).toBe(text)
  })
})

describe('all the digits of a float', () => {
  it('are those of the fraction it is', () => {
    expect(exactDigits(0.1)).toEqual({
      digits: '1000000000000000055511151231257827021181583404541015625',
      point: 0,
    })
    expect(exactDigits(2 ** 70)).toEqual({ digits: '1180591620717411303424', point: 22 })
    expect(exactDigits(0)).toEqual({ digits: '0', point: 1 })
    expect(exactDigits(5e-324).digits).toHaveLength(751)
  })

  it('are rounded with a carry through nines', () => {
    expect(roundDigits({ digits: '9996', point: 2 }, 3)).toEqual({ digits: '1', point: 3 })
    expect(roundDigits({ digits: '12', point: 1 }, 5)).toEqual({ digits: '12', point: 1 })
  })
})
