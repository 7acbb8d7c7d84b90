import { fstatSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { helperFlock } from '../../../src/locks/flock.js'
import { temporaryFolder } from '../../helpers/folders.js'

const there = vi.hoisted(() => ({ programs: false }))

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  accessSync: () => {
    if (!there.programs) throw new Error('ENOENT')
  },
}))

vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>()
  const spawn = (_file: string, args: string[], options: object) =>
    real.spawn('/nowhere/at/all', args, options)
  return { ...real, spawn }
})

describe('where no program can take the lock', () => {
  it('says so at once and names the choices', () => {
    there.programs = false

    expect(() => helperFlock('auto')).toThrow(
      /perl.*php.*python3.*flock.*"flock" function.*lock: 'process'/,
    )
  })

  it('says the same with the first lock when none of them comes up', async () => {
    there.programs = true
    const path = join(temporaryFolder(), 'sess_a')
    writeFileSync(path, '')
    const fd = openSync(path, 'r+')
    const flock = helperFlock('auto')

    await expect(flock.lock(fd, path, { waitMs: 1000 })).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      operation: 'lock',
    })

    expect(() => fstatSync(fd)).toThrow('EBADF')
    await flock.dispose()
  })
})
