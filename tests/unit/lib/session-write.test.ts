import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeJournal } from '../../../src/lib/journal.js'
import { recover, replaceContent, type LockedFile } from '../../../src/lib/session-write.js'
import { temporaryFolder } from '../../helpers/folders.js'

const NOW = 1_700_000_000_000
const QUICK = { nowMs: NOW, durable: false }

function fileWith(content: Uint8Array | string): LockedFile {
  const path = join(temporaryFolder(), 'sess_a')
  writeFileSync(path, content, { mode: 0o600 })
  const fd = openSync(path, 'r+')
  onTestFinished(() => closeSync(fd))
  return { fd, path, bytes: Uint8Array.from(Buffer.from(content)) }
}

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)

describe('replaceContent', () => {
  const sizes = [0, 1, 4096, 4097, 70_000, 200_000]
  const pairs = sizes.flatMap((old) => sizes.map((next) => [old, next] as const))

  it.each(pairs)('writes %i bytes, then %i, and leaves no journal', async (old, next) => {
    for (const durable of [false, true]) {
      const file = fileWith(filled(old, 1))

      expect(await replaceContent(file, filled(next, 2), { nowMs: NOW, durable })).toBe(true)

      expect(readFileSync(file.path).equals(filled(next, 2))).toBe(true)
      expect(existsSync(`${file.path}.journal`)).toBe(false)
    }
  })

  it('writes to the same file, with the time it is given', async () => {
    const file = fileWith('a|i:1;')
    const before = fstatSync(file.fd)

    await replaceContent(file, Buffer.from('a|i:22;'), QUICK)

    const after = statSync(file.path)
    expect(after.ino).toBe(before.ino)
    expect(after.mtimeMs).toBe(NOW)
  })

  it('only sets the time where nothing changes', async () => {
    const file = fileWith(filled(10_000, 1))
    mkdirSync(`${file.path}.journal`)

    expect(await replaceContent(file, filled(10_000, 1), QUICK)).toBe(true)

    expect(statSync(file.path).mtimeMs).toBe(NOW)
  })

  it('writes nothing when the file was removed', async () => {
    const file = fileWith('old')
    unlinkSync(file.path)

    expect(await replaceContent(file, Buffer.from('new'), QUICK)).toBe(false)

    expect(readFileSync(file.fd, 'latin1')).toBe('old')
  })

  it.each(['OLD', 'old and more', ''])(
    'writes nothing when the file holds %j instead of what was read',
    async (content) => {
      const file = fileWith('old')
      writeFileSync(file.path, content)

      await expect(replaceContent(file, Buffer.from('new'), QUICK)).rejects.toMatchObject({
        code: 'ERR_SESSION_LOCK_LOST',
      })

      expect(readFileSync(file.path, 'latin1')).toBe(content)
    },
  )

  it('replaces whatever is there when nothing was read', async () => {
    const file = { ...fileWith('old'), bytes: undefined }

    expect(await replaceContent(file, Buffer.from('new one'), QUICK)).toBe(true)

    expect(readFileSync(file.path, 'latin1')).toBe('new one')
  })

  it('replaces a journal that was left behind', async () => {
    const file = fileWith('old')
    writeFileSync(`${file.path}.journal`, 'left behind')

    await replaceContent(file, filled(5000, 2), QUICK)

    expect(existsSync(`${file.path}.journal`)).toBe(false)
    expect(statSync(file.path).size).toBe(5000)
  })

  it('writes through no link that lies where the journal would', async () => {
    const file = fileWith('old')
    const target = join(temporaryFolder(), 'target')
    writeFileSync(target, 'precious')
    symlinkSync(target, `${file.path}.journal`)

    await replaceContent(file, filled(5000, 2), QUICK)

    expect(readFileSync(target, 'latin1')).toBe('precious')
  })
})

describe('recover', () => {
  /** A file as a crash leaves it: some of the steps of a write done, and the journal whole. */
  async function crashed(old: Uint8Array, next: Uint8Array, content: Uint8Array) {
    const file = fileWith(content)
    writeFileSync(`${file.path}.journal`, await encodeJournal({ old, next }), { mode: 0o600 })
    return file
  }

  it('makes hundreds of half-way states whole on disk', async () => {
    const torn: string[] = []
    for (const [oldLength, nextLength] of [
      [9000, 5000],
      [5000, 9000],
      [5000, 5000],
      [0, 9000],
      [9000, 0],
    ] as const) {
      const [old, next] = [filled(oldLength, 1), filled(nextLength, 2)]
      const head = Math.min(oldLength, nextLength)
      for (let at = 0; at <= Math.max(oldLength, nextLength); at += 257) {
        const growing = Buffer.concat([old, next.subarray(oldLength, Math.max(oldLength, at))])
        const rest = Buffer.concat([old.subarray(head), next.subarray(head)])
        const done = Math.min(at, head)
        const heading = Buffer.concat([next.subarray(0, done), old.subarray(done, head), rest])
        for (const content of [growing, heading]) {
          const file = await crashed(old, next, content)
          await recover(file.fd, file.path)
          const after = readFileSync(file.path)
          if (!after.equals(old) && !after.equals(next))
            torn.push(`${oldLength}-${nextLength}-${at}`)
          if (existsSync(`${file.path}.journal`)) torn.push('journal')
        }
      }
    }

    expect(torn).toEqual([])
  })

  it('keeps the time of the last use, so that a repair revives nothing', async () => {
    const [old, next] = [filled(5000, 1), filled(9000, 2)]
    const file = await crashed(
      old,
      next,
      Buffer.concat([next.subarray(0, 4096), old.subarray(4096), next.subarray(5000)]),
    )
    utimesSync(file.path, 1_600_000_000, 1_600_000_000)

    await recover(file.fd, file.path)

    expect(readFileSync(file.path).equals(next)).toBe(true)
    expect(statSync(file.path).mtimeMs).toBe(1_600_000_000_000)
  })

  it('drops the journal of a file that PHP has written since', async () => {
    const file = await crashed(filled(5000, 1), filled(9000, 2), Buffer.from('php|i:1;'))

    await recover(file.fd, file.path)

    expect(readFileSync(file.path, 'latin1')).toBe('php|i:1;')
    expect(existsSync(`${file.path}.journal`)).toBe(false)
  })

  it('drops a journal that was never finished', async () => {
    const file = fileWith('old')
    const whole = await encodeJournal({ old: Buffer.from('old'), next: filled(5000, 2) })
    writeFileSync(`${file.path}.journal`, whole.subarray(0, 4096), { mode: 0o600 })

    await recover(file.fd, file.path)

    expect(readFileSync(file.path, 'latin1')).toBe('old')
    expect(existsSync(`${file.path}.journal`)).toBe(false)
  })

  it('believes no journal that others may write', async () => {
    const [old, next] = [filled(5000, 1), filled(9000, 2)]
    const torn = Buffer.concat([next.subarray(0, 4096), old.subarray(4096), next.subarray(5000)])
    const file = fileWith(torn)
    const journal = `${file.path}.journal`
    writeFileSync(journal, await encodeJournal({ old, next }))
    chmodSync(journal, 0o666)

    await recover(file.fd, file.path)

    expect(readFileSync(file.path).equals(torn)).toBe(true)
  })
})
