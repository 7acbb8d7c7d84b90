import {
  chmodSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { LockTimeoutError } from '../../../src/errors.js'
import {
  endHelper,
  lockThrough,
  startHelper,
  type Helper,
} from '../../../src/locks/flock-helper.js'
import {
  functionFlock,
  helperFlock,
  helperPrograms,
  processFlock,
  type Flock,
  type FlockFunction,
  type FlockProvider,
} from '../../../src/locks/flock.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { childrenOf, until } from '../../helpers/processes.js'
import { describeWith } from '../../helpers/services.js'

const PATIENT = { waitMs: 20_000 }

function file(name = 'sess_a'): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, 'x', { mode: 0o600 })
  return path
}

const opened = (path: string) => openSync(path, 'r+')

function disposed(flock: Flock): Flock {
  onTestFinished(() => flock.dispose())
  return flock
}

function isClosed(fd: number): boolean {
  try {
    fstatSync(fd)
    return false
  } catch {
    return true
  }
}

/** Lines of /proc/locks that concern a file: a lock or somebody waiting for one. */
function kernelLocks(path: string): number {
  const { ino } = statSync(path)
  const lines = readFileSync('/proc/locks', 'latin1').split('\n')
  return lines.filter((line) => line.includes(`:${ino} `)).length
}

async function helperOf(provider: FlockProvider): Promise<Helper> {
  const [program] = helperPrograms(provider)
  if (program === undefined) throw new Error(`${provider} is not where it is looked for`)
  const helper = await startHelper(program)
  if (helper === undefined) throw new Error(`${provider} does not come up`)
  onTestFinished(() => endHelper(helper))
  return helper
}

const PROVIDERS = [
  ['perl', 'perl'],
  ['php', 'php'],
  ['python3', 'python3'],
  ['node', 'flock'],
] as const

for (const [provider, service] of PROVIDERS) {
  describeWith(service, `flock through ${provider}`, () => {
    it('keeps a second one out until the first gives the lock back', async () => {
      const flock = disposed(helperFlock(provider))
      const path = file()
      const order: string[] = []

      const first = await flock.lock(opened(path), path, PATIENT)
      const second = flock.lock(opened(path), path, PATIENT).then((lock) => {
        order.push('second')
        lock.release()
      })
      await until(() => kernelLocks(path) === 2, 'the second waits in the kernel')
      order.push('first')
      first.release()
      await second

      expect(order).toEqual(['first', 'second'])
    })

    it('holds locks of different files at the same time', async () => {
      const flock = disposed(helperFlock(provider))
      const paths = Array.from({ length: 20 }, () => file())

      const locks = await Promise.all(paths.map((path) => flock.lock(opened(path), path, PATIENT)))

      expect(paths.map(kernelLocks)).toEqual(paths.map(() => 1))
      for (const lock of locks) lock.release()
      await until(() => paths.every((path) => kernelLocks(path) === 0), 'all are free')
    })

    it('gives up after the time it was given, and leaves nothing behind', async () => {
      const flock = disposed(helperFlock(provider))
      const path = file()
      const first = await flock.lock(opened(path), path, PATIENT)
      const fd = opened(path)

      await expect(flock.lock(fd, path, { waitMs: 30 })).rejects.toBeInstanceOf(LockTimeoutError)

      expect(isClosed(fd)).toBe(true)
      await until(() => kernelLocks(path) === 1, 'nobody waits')
      first.release()
      const next = await flock.lock(opened(path), path, PATIENT)
      next.release()
    })

    it('gives up when the visitor has gone', async () => {
      const flock = disposed(helperFlock(provider))
      const path = file()
      const first = await flock.lock(opened(path), path, PATIENT)
      const visitor = new AbortController()

      const second = flock.lock(opened(path), path, { ...PATIENT, signal: visitor.signal })
      await until(() => kernelLocks(path) === 2, 'the second waits in the kernel')
      visitor.abort()

      await expect(second).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
      await until(() => kernelLocks(path) === 1, 'nobody waits')
      first.release()
    })

    it('says that a lock is lost when the helper dies, and starts another', async () => {
      const flock = disposed(helperFlock(provider))
      const path = file()
      const before = new Set(childrenOf())
      const first = await flock.lock(opened(path), path, PATIENT)
      const [helper] = childrenOf().filter((pid) => !before.has(pid))

      expect(first.lost).toBe(false)
      process.kill(helper as number, 'SIGKILL')
      await until(() => first.lost, 'it is known')
      const second = await flock.lock(opened(path), path, PATIENT)

      expect(second.lost).toBe(false)
      first.release()
      second.release()
    })

    it('waits on with a new helper when the old one dies', async () => {
      const others = disposed(helperFlock('perl'))
      const path = file()
      const first = await others.lock(opened(path), path, PATIENT)
      const flock = disposed(helperFlock(provider))
      const before = new Set(childrenOf())
      const second = flock.lock(opened(path), path, PATIENT)
      await until(() => kernelLocks(path) === 2, 'the second waits in the kernel')
      const [helper] = childrenOf().filter((pid) => !before.has(pid))

      process.kill(helper as number, 'SIGKILL')
      await until(() => !childrenOf().includes(helper as number), 'it is gone')
      await until(() => childrenOf().length > before.size, 'there is a new one')
      first.release()

      ;(await second).release()
    })

    it('has freed every lock once it is disposed', async () => {
      const flock = helperFlock(provider)
      const path = file()
      const before = new Set(childrenOf())
      const lock = await flock.lock(opened(path), path, PATIENT)

      await flock.dispose()

      expect(lock.lost).toBe(true)
      expect(childrenOf().filter((pid) => !before.has(pid))).toEqual([])
      await until(() => kernelLocks(path) === 0, 'the lock is free')
      lock.release()
    })

    it('locks a path with a line break, blanks and quotes', async () => {
      const helper = await helperOf(provider)
      const path = file('sess_ "\'\n$(touch x);\\ ü')

      const lock = await lockThrough(helper, path, PATIENT)

      expect(kernelLocks(path)).toBe(1)
      lock?.release()
    })

    it('tells that a path cannot be locked', async () => {
      const helper = await helperOf(provider)

      await expect(lockThrough(helper, '/nowhere/at/all', PATIENT)).rejects.toHaveProperty('code')
    })

    it('outlives the signals that end a process group', async () => {
      const helper = await helperOf(provider)
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
        process.kill(helper.child.pid as number, signal)
      }
      const path = file()

      const lock = await lockThrough(helper, path, PATIENT)

      expect(lock?.lost).toBe(false)
      lock?.release()
    })
  })
}

describeWith('perl', 'the helper process', () => {
  it('is started from fixed folders with an empty environment', async () => {
    const folder = temporaryFolder()
    const trap = join(folder, 'trapped')
    for (const name of ['perl', 'php', 'python3', 'flock']) {
      writeFileSync(join(folder, name), `#!/bin/sh\ntouch ${trap}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    writeFileSync(join(folder, 'Trap.pm'), `open my $f, '>', '${trap}'; 1;`)
    vi.stubEnv('PATH', folder)
    vi.stubEnv('PERL5LIB', folder)
    vi.stubEnv('PERL5OPT', '-MTrap')
    vi.stubEnv('PYTHONPATH', folder)
    vi.stubEnv('PHPRC', folder)
    vi.stubEnv('NODE_OPTIONS', '--require=/nowhere')
    onTestFinished(() => void vi.unstubAllEnvs())

    for (const provider of ['perl', 'php', 'python3', 'node'] as const) {
      for (const program of helperPrograms(provider))
        expect(program.file.startsWith(folder)).toBe(false)
      const flock = disposed(helperFlock(provider))
      const path = file()
      const lock = await flock.lock(opened(path), path, PATIENT)
      lock.release()
    }

    expect(existsSync(trap)).toBe(false)
  })

  it('is killed when it no longer answers, and whoever waits for it is told', async () => {
    const helper = await helperOf('perl')
    process.kill(helper.child.pid as number, 'SIGSTOP')

    const wait = lockThrough(helper, file(), { waitMs: 20 })

    await expect(wait).rejects.toBeInstanceOf(LockTimeoutError)
    await until(() => !helper.alive, 'it is dead')
  })

  it('lets a hundred waiters of one file in, one at a time', async () => {
    const flock = disposed(helperFlock('perl'))
    const path = file()
    let inside = 0
    let most = 0

    const all = Array.from({ length: 100 }, async () => {
      const lock = await flock.lock(opened(path), path, PATIENT)
      most = Math.max(most, (inside += 1))
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
      lock.release()
    })
    await Promise.all(all)

    expect(most).toBe(1)
    await until(() => kernelLocks(path) === 0, 'nobody is left')
  })

  it('ends the waits that are under way when it is disposed, and starts again when asked', async () => {
    const flock = disposed(helperFlock('perl'))
    const path = file()
    const first = await flock.lock(opened(path), path, PATIENT)
    const second = flock.lock(opened(path), path, PATIENT)
    await until(() => kernelLocks(path) === 2, 'the second waits in the kernel')

    const ended = expect(second).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
    await flock.dispose()
    await ended
    first.release()

    const third = await flock.lock(opened(path), path, PATIENT)
    expect(third.lost).toBe(false)
    third.release()
  })

  it('refuses at once when the signal was aborted before', async () => {
    const flock = disposed(helperFlock('perl'))
    const path = file()
    const signal = AbortSignal.abort()

    await expect(flock.lock(opened(path), path, { ...PATIENT, signal })).rejects.toMatchObject({
      code: 'ERR_SESSION_STATE',
    })
  })
})

describe('flock through a function', () => {
  function recorded(take: FlockFunction = async () => undefined) {
    const calls: string[] = []
    const flock = functionFlock(async (fd, operation) => {
      calls.push(operation)
      await take(fd, operation)
    })
    return { calls, flock }
  }

  it('locks, unlocks, then closes', async () => {
    const { calls, flock } = recorded()
    const path = file()
    const fd = opened(path)

    const lock = await flock.lock(fd, path, PATIENT)
    expect(isClosed(fd)).toBe(false)
    lock.release()
    await until(() => isClosed(fd), 'it is closed')

    expect(calls).toEqual(['ex', 'un'])
    expect(lock.lost).toBe(false)
  })

  it('hands back a lock that comes after its time', async () => {
    let grant = () => {}
    const { calls, flock } = recorded((_, operation) =>
      operation === 'ex' ? new Promise((resolve) => (grant = resolve)) : Promise.resolve(),
    )
    const path = file()
    const fd = opened(path)

    await expect(flock.lock(fd, path, { waitMs: 5 })).rejects.toBeInstanceOf(LockTimeoutError)
    expect(isClosed(fd)).toBe(false)
    grant()
    await until(() => isClosed(fd), 'it is closed')

    expect(calls).toEqual(['ex', 'un'])
  })

  it.each(['rejects', 'throws'])('is a StoreError when it %s', async (how) => {
    const flock = functionFlock(() => {
      if (how === 'throws') throw new Error('broken')
      return Promise.reject(new Error('broken'))
    })
    const path = file()
    const fd = opened(path)

    await expect(flock.lock(fd, path, PATIENT)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })

    expect(isClosed(fd)).toBe(true)
  })

  it('closes also when the function cannot unlock', async () => {
    const { flock } = recorded((_, operation) =>
      operation === 'un' ? Promise.reject(new Error('broken')) : Promise.resolve(),
    )
    const path = file()
    const fd = opened(path)

    const lock = await flock.lock(fd, path, PATIENT)
    lock.release()

    await until(() => isClosed(fd), 'it is closed')
    expect(isClosed(fd)).toBe(true)
  })

  it('gives up when the visitor has gone', async () => {
    const { flock } = recorded(() => new Promise(() => {}))
    const path = file()
    const visitor = new AbortController()

    const wait = flock.lock(opened(path), path, { ...PATIENT, signal: visitor.signal })
    visitor.abort()

    await expect(wait).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
  })
})

describe('locks of one process', () => {
  it('close the file and nothing else', async () => {
    const flock = processFlock()
    const path = file()
    const fd = opened(path)

    const lock = await flock.lock(fd, path, PATIENT)
    lock.release()

    expect(lock.lost).toBe(false)
    expect(isClosed(fd)).toBe(true)
    await flock.dispose()
  })
})
