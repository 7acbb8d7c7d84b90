import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { temporaryFolder } from '../../helpers/folders.js'

const ID = 'secretsecretsecret'
const isRoot = process.geteuid?.() === 0

function setUp(prefix = '') {
  const folder = temporaryFolder()
  const path = join(folder, `sess_${ID}`)
  const chain = composeChain([filesHandler({ savePath: prefix + folder, lock: 'process' })])
  return { folder, path, chain }
}

type Fixture = ReturnType<typeof setUp>

/** Every operation that opens the file. */
async function failures({ chain }: Fixture): Promise<unknown[]> {
  const attempts = [
    () => chain.open(createContext({ id: ID })),
    () => chain.open(createContext({ id: ID, strict: false })),
    () => chain.open(createContext({ id: ID, lock: 'read' })),
    () => chain.read(ID, createContext()),
    () => chain.write(ID, new Uint8Array(3), createContext()),
    () => chain.write(ID, new Uint8Array(3), createContext({ isNew: true })),
    () => chain.destroy(ID, createContext()),
    () => chain.updateTimestamp(ID, new Uint8Array(3), createContext()),
  ]
  const results = await Promise.allSettled(attempts.map(async (attempt) => attempt()))
  return results.map((result) => (result.status === 'rejected' ? result.reason : 'no error'))
}

const KINDS: Record<string, (fixture: Fixture) => unknown> = {
  'a symbolic link': ({ folder, path }) => {
    writeFileSync(join(folder, 'target'), 'precious', { mode: 0o600 })
    symlinkSync(join(folder, 'target'), path)
  },
  'a dangling symbolic link': ({ folder, path }) => symlinkSync(join(folder, 'none'), path),
  'a hard link': ({ folder, path }) => {
    writeFileSync(join(folder, 'target'), 'precious', { mode: 0o600 })
    linkSync(join(folder, 'target'), path)
  },
  'a named pipe': ({ path }) => expect(spawnSync('mkfifo', [path]).status).toBe(0),
  'a folder': ({ path }) => mkdirSync(path),
  'a socket': async ({ path }) => {
    const server = createServer()
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.listen(path, () => resolve(undefined)))
  },
  'a link to a device': ({ path }) => symlinkSync('/dev/zero', path),
  'a file that everybody may write': ({ path }) => {
    writeFileSync(path, 'x')
    chmodSync(path, 0o666)
  },
  'a file that the group may write': ({ path }) => {
    writeFileSync(path, 'x')
    chmodSync(path, 0o660)
  },
}

describe('in place of a session file', () => {
  it.each(Object.entries(KINDS))('%s is refused, at once and untouched', async (_, arrange) => {
    const fixture = setUp()
    await arrange(fixture)
    const before = readdirSync(fixture.folder)

    for (const error of await failures(fixture)) {
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', handler: 'files' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(ID)
    }

    expect(readdirSync(fixture.folder)).toEqual(before)
    if (before.includes('target')) {
      expect(readFileSync(join(fixture.folder, 'target'), 'latin1')).toBe('precious')
    }
  })

  it.runIf(isRoot)('a device is refused', async () => {
    const fixture = setUp()
    if (spawnSync('mknod', [fixture.path, 'c', '1', '5']).status !== 0)
      return expect(isRoot).toBe(true)

    for (const error of await failures(fixture)) {
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE' })
    }
  })

  it('a file that others may write is used where the save path says so', async () => {
    const fixture = setUp('0;666;')
    writeFileSync(fixture.path, 'x|i:1;')
    chmodSync(fixture.path, 0o666)

    const payload = await fixture.chain.read(ID, createContext({ maxLifetime: 1e9 }))

    expect(Buffer.from(payload ?? '').toString()).toBe('x|i:1;')
  })

  it('nothing that is no session is listed or collected', async () => {
    const fixture = setUp()
    symlinkSync('/dev/zero', fixture.path)
    mkdirSync(`${fixture.path}x`)

    expect(await fixture.chain.gc(-1e10, createContext())).toBe(0)
    expect(await fixture.chain.count?.(createContext())).toBe(0)

    expect(readdirSync(fixture.folder)).toHaveLength(2)
  })
})

describe('a save path that is no folder', () => {
  it('is an error that names it, not an absent session', async () => {
    const fixture = setUp()
    rmdirSync(fixture.folder)

    for (const error of await failures(fixture)) {
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE' })
      expect(String(error)).toContain(fixture.folder)
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(ID)
    }
  })

  it('is an error when it is a file', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    const savePath = join(folder, 'file')
    const chain = composeChain([filesHandler({ savePath, lock: 'process' })])

    for (const error of await failures({ folder, path: '', chain })) {
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE' })
    }
  })
})
