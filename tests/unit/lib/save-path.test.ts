import { tmpdir } from 'node:os'
import { basename, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { journalPath, parseSavePath, sessionPath } from '../../../src/lib/save-path.js'

describe('parseSavePath', () => {
  it.each([
    ['/s', { directory: '/s', depth: 0, mode: 0o600 }],
    ['3;/s', { directory: '/s', depth: 3, mode: 0o600 }],
    ['0;666;/s', { directory: '/s', depth: 0, mode: 0o666 }],
    [';/s', { directory: '/s', depth: 0, mode: 0o600 }],
    [';;/s', { directory: '/s', depth: 0, mode: 0 }],
    ['x;y;/s', { directory: '/s', depth: 0, mode: 0 }],
    [' +1;\t0777x;/s', { directory: '/s', depth: 1, mode: 0o777 }],
    ['1x;68;/s', { directory: '/s', depth: 1, mode: 0o6 }],
    ['-0;-0;/s', { directory: '/s', depth: 0, mode: 0 }],
    ['0;644;/s;x', { directory: '/s;x', depth: 0, mode: 0o644 }],
    ['/s/', { directory: '/s', depth: 0, mode: 0o600 }],
    ['/', { directory: '/', depth: 0, mode: 0o600 }],
  ])('reads %j', (text, folder) => {
    expect(parseSavePath(text)).toEqual(folder)
  })

  it('takes the folder for temporary files when empty', () => {
    expect(parseSavePath('').directory).toBe(resolve(tmpdir()))
  })

  it('makes a relative path absolute', () => {
    expect(parseSavePath('2;sessions').directory).toBe(resolve('sessions'))
  })

  it.each([
    '-1;/s',
    '257;/s',
    '99999999999999999999;/s',
    '0;-1;/s',
    '0;10000;/s',
    '0;',
    ';;',
    'a\0b',
  ])('refuses %j', (text) => {
    expect(() => parseSavePath(text)).toThrow(RangeError)
  })
})

describe('sessionPath', () => {
  const folder = (depth: number, directory = '/s') => ({ directory, depth, mode: 0o600 })

  it('puts a file below one folder for each of the first characters', () => {
    expect(sessionPath(folder(0), 'abcd')).toBe('/s/sess_abcd')
    expect(sessionPath(folder(3), 'abcd')).toBe('/s/a/b/c/sess_abcd')
    expect(sessionPath(folder(1, '/'), ',x')).toBe('/,/sess_,x')
  })

  it('has no path for an id that is not longer than the depth', () => {
    expect(sessionPath(folder(2), 'ab')).toBeUndefined()
    expect(sessionPath(folder(2), 'abc')).toBe('/s/a/b/sess_abc')
  })

  it('has no path for an id of more than 250 characters', () => {
    expect(sessionPath(folder(0), 'x'.repeat(250))).toHaveLength(3 + 5 + 250)
    expect(sessionPath(folder(0), 'x'.repeat(251))).toBeUndefined()
  })
})

describe('journalPath', () => {
  it('stands beside the file, with a character that is in no id', () => {
    expect(journalPath('/s/a/sess_abc')).toBe('/s/a/sess_abc.journal')
  })

  it('fits a file name for every id, and differs for different ones', () => {
    const names = ['x', 'y'].map((end) => basename(journalPath(`/s/sess_${'x'.repeat(249)}${end}`)))

    expect(names[0]).toMatch(/^sess_\.[0-9a-f]{64}\.journal$/)
    expect(names[0]).not.toBe(names[1])
  })
})
