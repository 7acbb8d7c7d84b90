/** No space left: the old version stays, whole, and the request is told. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { Chain } from '../../src/handler.js'
import { filesHandler } from '../../src/handlers/files.js'
import { bundled, talkTo } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'

const ID = 'abc'
const KB = 1024

/** A file system of one megabyte; `undefined` where this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', folder])
  if (mounted.status !== 0) return undefined
  onTestFinished(() => void spawnSync('umount', [folder]))
  return folder
}

const canMount = (() => {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'])
  return probe.status === 0 && process.geteuid?.() === 0
})()

/** Fills the disk until so many bytes are free. */
function leave(folder: string, free: number): void {
  const filler = join(folder, 'filler')
  rmSync(filler, { force: true })
  const { bavail, bsize } = statfsSync(folder)
  const surplus = bavail * bsize - free
  if (surplus > 0) writeFileSync(filler, new Uint8Array(surplus))
}

async function attempt(chain: Chain, content: Uint8Array, isNew = false): Promise<string> {
  const context = createContext({ id: ID, isNew })
  try {
    await chain.open(context)
    await chain.read(ID, context)
    return String(await chain.write(ID, content, context))
  } catch (error) {
    return (error as { code: string; message: string }).code
  } finally {
    await chain.close(context)
  }
}

describe.runIf(canMount)('a full disk', () => {
  const changes = [
    ['growing from one page', 2 * KB, 100 * KB],
    ['growing', 100 * KB, 300 * KB],
    ['shrinking', 300 * KB, 100 * KB],
    ['the same size', 200 * KB, 200 * KB],
    ['growing within a page', 100, 4000],
    ['growing from nothing', 0, 4000],
  ] as const

  it.each(changes)('keeps the old version, %s, wherever it runs out', async (_, before, after) => {
    const folder = smallDisk() as string
    const path = join(folder, `sess_${ID}`)
    const chain = composeChain([filesHandler({ savePath: folder, lock: 'process' })])
    const [old, next] = [new Uint8Array(before).fill(65), new Uint8Array(after).fill(66)]
    const outcomes = new Set<string>()

    for (let free = 0; free <= 800 * KB; free += 4 * KB) {
      rmSync(join(folder, 'filler'), { force: true })
      writeFileSync(path, old, { mode: 0o600 })
      leave(folder, free)

      const outcome = await attempt(chain, next)

      outcomes.add(outcome)
      const stored = readFileSync(path)
      expect(stored.equals(outcome === 'true' ? next : old)).toBe(true)
      expect(existsSync(`${path}.journal`)).toBe(false)
    }

    expect(outcomes).toContain('true')
    expect([...outcomes].filter((word) => word !== 'true' && word !== 'ERR_SESSION_STORE')).toEqual(
      [],
    )
  })

  it('leaves nothing of a session that could not be made', async () => {
    const folder = smallDisk() as string
    const chain = composeChain([filesHandler({ savePath: folder, lock: 'process' })])
    leave(folder, 40 * KB)

    expect(await attempt(chain, new Uint8Array(100 * KB).fill(66), true)).toBe('ERR_SESSION_STORE')

    expect(readdirSync(folder)).toEqual(['filler'])
  })
})

describe('a limit on the size of files', () => {
  it('keeps the old version and tells the request', async () => {
    const folder = temporaryFolder()
    const old = 'v|s:5:"aaaaa";'
    writeFileSync(join(folder, `sess_${ID}`), old, { mode: 0o600 })
    const script = await bundled('tests/helpers/children/files-worker.ts')
    const limited = talkTo('/bin/sh', [
      '-c',
      'ulimit -f 100; exec "$@"',
      'sh',
      process.execPath,
      script,
      folder,
      ID,
      '{"lock":"process"}',
      'hold',
      '',
    ])

    expect(await limited.line()).toBe(old)
    limited.say('x'.repeat(300 * KB))

    await expect(limited.line()).rejects.toThrow(/larger than a file may be \(EFBIG\)/)
    expect(readFileSync(join(folder, `sess_${ID}`), 'latin1')).toBe(old)
    expect(readdirSync(folder)).toEqual([`sess_${ID}`])
  })
})
