import { closeSync, openSync, statSync, unlinkSync, writeFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import {
  createFile,
  isStillNamed,
  openExisting,
  readAll,
  refusalOf,
} from '../../../src/lib/session-file.js'
import { temporaryFolder } from '../../helpers/folders.js'

/** The status of a plain session file, but for some fields. */
function status(fields: Partial<Stats>): Stats {
  const path = join(temporaryFolder(), 'sess_a')
  writeFileSync(path, 'x', { mode: 0o600 })
  return Object.assign(statSync(path), fields)
}

describe('refusalOf', () => {
  const us = process.geteuid?.() ?? 0

  it('accepts our own files, and those of root', () => {
    expect(refusalOf(status({ uid: us }), 0o600)).toBeUndefined()
    expect(refusalOf(status({ uid: 0 }), 0o600)).toBeUndefined()
  })

  it("refuses other users' files, except for root", () => {
    const user = vi.spyOn(process, 'geteuid')
    const file = status({ uid: 1234 })

    user.mockReturnValue(33)
    expect(refusalOf(file, 0o600)).toBe(
      'the file belongs to user 1234, this process to user 33; PHP and Node must run as the same user',
    )
    user.mockReturnValue(0)
    expect(refusalOf(file, 0o600)).toBeUndefined()
    user.mockRestore()
  })

  it.each([
    [0o100644, 0o600, true],
    [0o100620, 0o600, false],
    [0o100602, 0o600, false],
    [0o100666, 0o666, true],
    [0o100660, 0o660, true],
    [0o100662, 0o660, false],
  ])('of a file with mode %o, where the save path says %o: %s', (mode, allowed, fine) => {
    expect(refusalOf(status({ mode }), allowed) === undefined).toBe(fine)
  })

  it('refuses a second name', () => {
    expect(refusalOf(status({ nlink: 2 }), 0o600)).toMatch('hard links')
  })
})

describe('a session file', () => {
  it('is opened only where it is, and made only where it is not', () => {
    const path = join(temporaryFolder(), 'sess_a')

    expect(openExisting(path)).toBeUndefined()
    const made = createFile(path, 0o600) as number
    expect(createFile(path, 0o600)).toBeUndefined()
    const opened = openExisting(path) as number

    expect(statSync(path).mode & 0o777).toBe(0o600)
    closeSync(made)
    closeSync(opened)
  })

  it('keeps its name until it is removed or replaced', () => {
    const path = join(temporaryFolder(), 'sess_a')
    const fd = createFile(path, 0o600) as number

    expect(isStillNamed(fd, path)).toBe(true)
    unlinkSync(path)
    expect(isStillNamed(fd, path)).toBe(false)
    writeFileSync(path, 'another')
    expect(isStillNamed(fd, path)).toBe(false)
    closeSync(fd)
  })

  it.each([0, 1, 65_536, 65_537, 300_000])('is read whole with %i bytes', async (size) => {
    const path = join(temporaryFolder(), 'sess_a')
    const content = Uint8Array.from({ length: size }, (_, index) => index % 251)
    writeFileSync(path, content)
    const fd = openSync(path, 'r')

    expect(Buffer.from(await readAll(fd, size)).equals(content)).toBe(true)
    expect(Buffer.from(await readAll(fd, size + 10)).equals(content)).toBe(true)
    closeSync(fd)
  })
})
