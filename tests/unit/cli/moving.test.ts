import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { encryptionHandler, generateKey } from '../../../src/handlers/encryption.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { createSessionManager } from '../../../src/manager.js'
import { cli } from '../../helpers/cli.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { SQLITE_DRIVERS } from '../../helpers/sqlite-clients.js'
import { folderOf, NOW_MS } from './fixture.js'

const A = 'aaaaaaaaaaaaaaaa1'
const B = 'bbbbbbbbbbbbbbbb2'
const C = 'cccccccccccccccc3'
const now = () => NOW_MS

/** A folder from which `better-sqlite3` is found. */
const PROJECT = fileURLToPath(new URL('../../interop', import.meta.url))

const hasSqlite = Object.values(SQLITE_DRIVERS).some((driver) => driver !== undefined)

const filesIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('sess_'))

describe.skipIf(!hasSqlite)('SQLite (skipped: this Node has no driver of it)', () => {
  it('is moved to and back, ids, ages and bytes kept', async () => {
    const content = 'f|d:5.0;user|s:3:"ann";'
    const { folder } = folderOf(
      { id: A, content, age: 600 },
      { id: B, age: 9999 },
      { id: C, content: '' },
    )
    const file = join(folder, 'sessions.db')
    const run = (...argv: string[]) => cli(argv, { cwd: PROJECT, now })
    const there = ['migrate', '--from', `files:${folder}`, '--to', `sqlite:${file}#shop`]
    const place = ['--sqlite', file, '--table', 'shop']

    expect(await run(...there)).toEqual({ code: 0, out: '2 sessions moved\n', err: '' })
    expect(filesIn(folder)).toEqual([`sess_${B}`])
    expect((await run('list', '--sort', 'id', ...place)).out).toContain(
      'aaaaaaaa…    10 min      23 B\ncccccccc…     1 min       0 B\n',
    )
    expect((await run('show', A, '--raw', ...place)).out).toBe(content)
    expect((await run('set', A, 'n', '1', ...place)).code).toBe(0)
    expect((await run('count', ...place)).out).toBe('2\n')

    const target = temporaryFolder()
    const back = ['migrate', '--from', `sqlite:${file}#shop`, '--to', `files:1;${target}`]
    expect((await run(...back)).code).toBe(1) // there are no folders for the first characters
    expect((await run('count', ...place)).out).toBe('2\n')
    const plain = ['migrate', '--from', `sqlite:${file}#shop`, '--to', `files:${target}`, '--keep']
    expect((await run(...plain)).out).toBe('2 sessions copied\n')
    expect(readFileSync(join(target, `sess_${A}`), 'latin1')).toBe(`${content}n|i:1;`)
    expect((await run('count', ...place)).out).toBe('2\n')
  })

  it('is generated into, checked, and collected', async () => {
    const file = join(temporaryFolder(), 'sessions.db')
    const run = (...argv: string[]) => cli([...argv, '--sqlite', file], { cwd: PROJECT, now })

    expect((await run('generate', '600')).out).toBe('600 sessions made\n')
    expect((await run('generate', '600', '--expires=-9999')).out).toBe('600 sessions made\n')
    expect((await run('check')).out).toBe('1,200 sessions read, 0 unreadable\n')
    expect((await run('count', '--expired')).out).toBe('600\n')
    expect((await run('destroy', '--expired', '--limit', '100')).out).toBe(
      '100 sessions destroyed\n',
    )
    expect((await run('gc')).out).toBe('500 sessions removed\n')
    expect((await run('stats')).out).toContain('600 sessions, ')
    expect((await run('destroy', '--all')).out).toBe('600 sessions destroyed\n')
  })

  it('is not made where sessions are only looked for', async () => {
    const folder = temporaryFolder()
    const argv = ['count', '--sqlite', join(folder, 'absent.db')]

    expect(await cli(argv, { cwd: PROJECT })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^sessionz: there is no file .*absent\.db\n$/) as string,
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('sessionz migrate', () => {
  it('changes the format when asked to', async () => {
    const { folder } = folderOf({ id: A, content: 'user|s:3:"ann";n|i:5;' })
    const to = temporaryFolder()
    const argv = [
      'migrate',
      '--from',
      `files:${folder}`,
      '--to',
      `files:${to}`,
      '--to-serializer',
      'json',
    ]

    expect((await cli(argv, { now })).out).toBe('1 session moved\n')
    expect(readFileSync(join(to, `sess_${A}`), 'utf8')).toBe('{"user":"ann","n":5}')
    expect(statSync(join(to, `sess_${A}`)).mtimeMs).toBe(NOW_MS - 60_000)
  })

  it('refuses to move sessions to where they are', async () => {
    const { folder } = folderOf({ id: A })

    expect(await cli(['migrate', '--from', `files:${folder}`, '--to', `files:${folder}`])).toEqual({
      code: 2,
      out: '',
      err: 'sessionz: --from and --to are the same place\n',
    })
  })

  it('leaves both of two sessions of one id, and finishes what was begun', async () => {
    const source = folderOf({ id: A }, { id: B }, { id: C, content: 'broken' })
    const target = folderOf({ id: A }, { id: B, content: 'other|i:1;' })
    const from = ['migrate', '--from', `files:${source.folder}`]
    const argv = [...from, '--to', `files:${target.folder}`, '--to-serializer', 'php']

    const { code, out, err } = await cli(argv, { now })
    expect({ code, out }).toEqual({
      code: 1,
      out: '0 sessions moved, 1 were there already, 1 left, as others have their ids there, 1 failed\n',
    })
    expect(err).toMatch(/^cccccccc… {2}php: expected /)
    expect(filesIn(source.folder).sort()).toEqual([`sess_${B}`, `sess_${C}`])
    expect(readFileSync(join(target.folder, `sess_${B}`), 'utf8')).toBe('other|i:1;')
  })

  it('takes a config as a place', async () => {
    const { folder } = folderOf({ id: A }, { id: B }, { id: C })
    const config = join(folder, 'target.mjs')
    const log = join(folder, 'written')
    writeFileSync(
      config,
      `import { appendFileSync } from 'node:fs'
       export default { handlers: [{ name: 'log', open() {}, close() {}, read() {}, destroy: () => false, gc: () => 0,
         write: (id, payload) => (appendFileSync(${JSON.stringify(log)}, Buffer.from(payload).toString() + '\\n'), true) }] }`,
    )
    const argv = [
      'migrate',
      '--from',
      `files:${folder}`,
      '--to',
      config,
      '--limit',
      '2',
      '--batch',
      '1',
    ]

    expect((await cli(argv, { now })).out).toBe('2 sessions moved\n')
    expect(readFileSync(log, 'utf8')).toBe('n|i:1;\nn|i:1;\n')
    expect(filesIn(folder)).toHaveLength(1)
  })
})

describe('sessionz rotate-keys', () => {
  /** A config whose handlers are made here: a module cannot import the source. */
  async function sealed(count: number) {
    const folder = temporaryFolder()
    const [old, current] = [generateKey(), generateKey()]
    const chain = (...keys: string[]) => [
      encryptionHandler({ keys }),
      filesHandler({ savePath: folder }),
    ]
    const at = (clock: () => number, keys: string[]) =>
      createSessionManager({ handlers: chain(...keys), now: clock })
    const manager = at(() => NOW_MS - 600_000, [old])
    const ids: string[] = []
    for (let number = 0; number < count; number += 1) {
      const session = manager.startNew()
      session.data['number'] = number
      await session.commit()
      ids.push(session.id)
    }
    await manager.close()
    const config = (...keys: string[]) => {
      const path = join(folder, `config-${keys.length}-${keys[0] === old}.mjs`)
      const name = `sessionz-test-${Math.floor(performance.now() * 1000)}`
      Object.assign(globalThis, { [name]: () => chain(...keys) })
      writeFileSync(
        path,
        `export default () => ({ handlers: globalThis[${JSON.stringify(name)}]() })`,
      )
      return ['--config', path]
    }
    return { folder, ids, old, current, config, at }
  }

  it('seals all with the current key, and makes none younger', async () => {
    const { folder, ids, old, current, config, at } = await sealed(20)
    const argv = ['rotate-keys', ...config(current, old)]

    expect(await cli(argv, { now })).toEqual({
      code: 0,
      out: '20 of 20 sessions sealed anew\n',
      err: '',
    })
    for (const name of filesIn(folder)) {
      expect(statSync(join(folder, name)).mtimeMs).toBe(NOW_MS - 600_000)
    }
    expect((await cli(argv, { now })).out).toBe('0 of 20 sessions sealed anew\n')
    const manager = at(now, [current])
    const session = await manager.start({ id: ids[7] as string })
    expect(session.get('number')).toBe(7)
    await session.abort()
    await manager.close()
  })

  it('names what no key opens, as check does', async () => {
    const { ids, current, config } = await sealed(2)
    const rotated = await cli(['rotate-keys', ...config(current)], { now })

    expect(rotated).toMatchObject({ code: 1, out: '0 of 2 sessions sealed anew\n' })
    expect(rotated.err).toContain(
      `${(ids[0] as string).slice(0, 8)}…  encryption: payload does not decrypt`,
    )
    expect((await cli(['check', ...config(current)], { now })).out).toContain(
      '0 sessions read, 2 unreadable',
    )
  })

  it('shows sealed sessions through the config that has the key', async () => {
    const { ids, old, config } = await sealed(1)
    const { out } = await cli(['show', ids[0] as string, ...config(old)], { now })

    expect(out).toContain('number: 0\n')
  })
})

describe('an interrupted run', () => {
  const many = (count: number) =>
    folderOf(...Array.from({ length: count }, (_, index) => ({ id: `session-${index}`, age: 60 })))

  /** Aborts as soon as a file of the folder has gone. */
  async function interrupted(folder: string, argv: string[], reason: string) {
    const controller = new AbortController()
    const all = filesIn(folder).length
    const running = cli(argv, { now, signal: controller.signal })
    const watch = setInterval(() => {
      if (filesIn(folder).length === all) return
      controller.abort(reason)
      clearInterval(watch)
    }, 10)
    const said = await running.finally(() => clearInterval(watch))
    return { ...said, left: filesIn(folder).length }
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('ends on %s with code %i, and what was not done is untouched', async (reason, code) => {
    const { folder, place } = many(1500)
    const said = await interrupted(folder, ['destroy', '--all', ...place], reason)

    expect(said.code).toBe(code)
    expect(said.left).toBeGreaterThan(0)
    expect(said.out).toBe(`${(1500 - said.left).toLocaleString('en')} sessions destroyed\n`)
    expect((await cli(['check', ...place], { now })).code).toBe(0)
  })

  it('loses no session that is on its way to another place', async () => {
    const { folder } = many(1500)
    const target = temporaryFolder()
    const argv = ['migrate', '--from', `files:${folder}`, '--to', `files:${target}`]
    const said = await interrupted(folder, argv, 'SIGTERM')

    expect(said.code).toBe(143)
    expect(said.left).toBeGreaterThan(0)
    expect(new Set([...filesIn(folder), ...filesIn(target)]).size).toBe(1500)
    expect(said.left + filesIn(target).length).toBe(1500)
    expect((await cli(argv, { now })).out).toContain(`${said.left.toLocaleString('en')} session`)
    expect(filesIn(target)).toHaveLength(1500)
    expect(existsSync(join(folder, 'sess_session-0'))).toBe(false)
  })

  it('collects no further', async () => {
    const { folder, place } = folderOf(
      ...Array.from({ length: 1500 }, (_, index) => ({ id: `session-${index}`, age: 9999 })),
    )
    const said = await interrupted(folder, ['gc', ...place], 'SIGINT')

    expect(said.code).toBe(130)
    expect(said.left).toBeGreaterThan(0)
    expect(said.out).toBe(`${(1500 - said.left).toLocaleString('en')} sessions removed\n`)
  })
})

describe('the bar of long work', () => {
  it('moves on a terminal, and is gone in the end', async () => {
    const { place } = folderOf(
      ...Array.from({ length: 1000 }, (_, index) => ({ id: `session-${index}`, age: 60 })),
    )
    let ms = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (ms += 10))
    const { err } = await cli(['check', ...place], { now, terminal: true })
    clock.mockRestore()
    const shares = [...err.matchAll(/check \[[#.]{24}\] +(\d+) %/g)].map(([, share]) =>
      Number(share),
    )

    expect(new Set(shares).size).toBeGreaterThan(50)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(err.endsWith('\r\x1b[K')).toBe(true)
  })

  it('is not there without one', async () => {
    const { place } = folderOf({ id: A })

    for (const name of ['check', 'count', 'gc', 'stats', 'list']) {
      expect((await cli([name, ...place], { now })).err).toBe('')
    }
  })
})
