import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesHandler } from '../../../src/handlers/files.js'
import { createSessionManager } from '../../../src/manager.js'
import { cli } from '../../helpers/cli.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { folderOf, NOW_MS } from './fixture.js'

const A = 'aaaaaaaaaaaaaaaa1'
const B = 'bbbbbbbbbbbbbbbb2'

const contentOf = (folder: string, id: string) => readFileSync(join(folder, `sess_${id}`), 'latin1')
const idsIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith('sess_'))
    .map((name) => name.slice(5))
    .sort()

describe('sessionz set', () => {
  it('changes one variable and leaves the others byte for byte', async () => {
    const { folder, place, now } = folderOf({ id: A, content: 'f|d:5.0;user|s:3:"ann";' })
    const set = (...words: string[]) => cli(['set', 'aaaaaaaa', ...words, ...place], { now })

    expect(await set('user', '{"name":"bob","$$x":[1]}')).toEqual({ code: 0, out: '', err: '' })
    expect(contentOf(folder, A)).toBe(
      'f|d:5.0;user|a:2:{s:4:"name";s:3:"bob";s:2:"$x";a:1:{i:0;i:1;}}',
    )
    await set('user', 'plain text')
    expect(contentOf(folder, A)).toBe('f|d:5.0;user|s:10:"plain text";')
    await set('user', '17', '--text')
    expect(contentOf(folder, A)).toBe('f|d:5.0;user|s:2:"17";')
    await set('user', '--delete')
    expect(contentOf(folder, A)).toBe('f|d:5.0;')
  })

  it('says what it cannot change', async () => {
    const { place, now } = folderOf({ id: A }, { id: B, age: 9999 })
    const set = (...words: string[]) => cli(['set', ...words, ...place], { now })

    expect((await set(A, 'user', '--delete')).err).toBe('sessionz: there is no such variable\n')
    expect((await set(B, 'user', '1')).err).toBe('sessionz: the session is over\n')
    expect((await set(A, 'a|b', '1')).code).toBe(1)
  })

  it('waits for whoever uses the session, and gives up in time', async () => {
    const { folder, place } = folderOf({ id: A, age: 0 })
    const now = () => NOW_MS
    const manager = createSessionManager({ handlers: [filesHandler({ savePath: folder })], now })
    const session = await manager.start({ id: A })
    const set = (...more: string[]) => cli(['set', A, 'mine', '1', ...more, ...place], { now })

    expect(await set('--lock-wait', '0.1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^sessionz: in use: still locked after 0\.\d s\n$/) as string,
    })
    const waiting = set()
    session.set('theirs', 2)
    await session.commit()
    expect((await waiting).code).toBe(0)
    expect(contentOf(folder, A)).toBe('n|i:1;theirs|i:2;mine|i:1;')
    await manager.close()
  })
})

describe('sessionz destroy', () => {
  it('destroys one session by the beginning of its id', async () => {
    const { folder, place, now } = folderOf({ id: A }, { id: B })

    expect(await cli(['destroy', 'aaaaaaaa…', ...place], { now })).toMatchObject({ code: 0 })
    expect(idsIn(folder)).toEqual([B])
  })

  it('destroys all, also what is over', async () => {
    const { folder, place, now } = folderOf({ id: A }, { id: B, age: 9999 })

    expect((await cli(['destroy', '--all', ...place], { now })).out).toBe('2 sessions destroyed\n')
    expect(idsIn(folder)).toEqual([])
  })

  it('destroys so many of those that are over, in batches', async () => {
    const old = Array.from({ length: 10 }, (_, index) => ({
      id: `old-session-${index}`,
      age: 9999,
    }))
    const young = Array.from({ length: 30 }, (_, index) => ({ id: `young-${index}` }))
    const { folder, place, now } = folderOf(...young, ...old, { id: A })
    const argv = ['destroy', '--expired', '--limit', '4', '--batch', '3', ...place]

    expect((await cli(argv, { now })).out).toBe('4 sessions destroyed\n')
    expect(idsIn(folder)).toHaveLength(37)
    expect((await cli(argv, { now })).out).toBe('4 sessions destroyed\n')
    expect((await cli(argv, { now })).out).toBe('2 sessions destroyed\n')
    expect(idsIn(folder)).toEqual([A, ...young.map(({ id }) => id)].sort())
  })

  it('names what is in use, and goes on', async () => {
    const { folder, place, now } = folderOf({ id: A }, { id: B })
    const manager = createSessionManager({ handlers: [filesHandler({ savePath: folder })], now })
    const session = await manager.start({ id: A })
    const argv = ['destroy', '--all', '--lock-wait', '0.05', ...place]

    const { code, out, err } = await cli(argv, { now })
    expect({ code, out }).toEqual({ code: 1, out: '1 session destroyed\n' })
    expect(err).toMatch(/^aaaaaaaa… {2}in use: still locked after 0\.\d s\n$/)
    await session.abort()
    await manager.close()
  })
})

describe('sessionz gc', () => {
  it('removes what is over', async () => {
    const { folder, place, now } = folderOf({ id: A }, { id: B, age: 9999 })

    expect(await cli(['gc', '--json', ...place], { now })).toMatchObject({
      code: 0,
      out: '{"removed":1}\n',
    })
    expect(idsIn(folder)).toEqual([A])
  })
})

describe('sessionz generate', () => {
  it('makes sessions that are over when it was said', async () => {
    const folder = temporaryFolder()
    const place = ['--save-path', folder]
    const now = () => NOW_MS
    const generate = (...more: string[]) => cli(['generate', ...more, ...place], { now })

    expect((await generate('3')).out).toBe('3 sessions made\n')
    expect((await generate('1', '--expires=-60', '--bytes', '100')).out).toBe('1 session made\n')
    expect((await generate('2', '--expires', '2026-11-23T00:00:00Z')).code).toBe(0)
    const ages = idsIn(folder).map((id) => NOW_MS - statSync(join(folder, `sess_${id}`)).mtimeMs)
    const day = -(43_200 - 1440) * 1000
    expect(ages.toSorted((a, b) => a - b)).toEqual([day, day, 0, 0, 0, 1_500_000])
    expect((await cli(['count', ...place], { now })).out).toBe('5\n')
  })
})

describe('a config', () => {
  const write = (folder: string, text: string) => {
    writeFileSync(join(folder, 'sessionz.config.mjs'), text)
    return (argv: string[]) => cli(argv, { cwd: folder, now: () => NOW_MS })
  }

  it('is found in the folder, may be a function, and is closed in the end', async () => {
    const folder = temporaryFolder()
    const run = write(
      folder,
      `import { writeFileSync } from 'node:fs'
       const handlers = [{ name: 'none', open() {}, close() {}, read() {}, write: () => true,
         destroy: () => false, gc: () => 0, count: () => 42 }]
       export default async () => ({ handlers })
       export const close = () => writeFileSync(${JSON.stringify(join(folder, 'closed'))}, 'yes')`,
    )

    expect(await run(['count'])).toEqual({ code: 0, out: '42\n', err: '' })
    expect(readFileSync(join(folder, 'closed'), 'utf8')).toBe('yes')
    expect((await run(['list'])).err).toBe(
      'sessionz: this chain of handlers cannot list its sessions\n',
    )
  })

  it.each([
    [
      'throws',
      'throw new Error("no such thing\\nand more")',
      1,
      'cannot load sessionz.config.mjs: no such thing',
    ],
    [
      'has no options',
      'export default 1',
      1,
      'sessionz.config.mjs: the default export must be the options of a manager',
    ],
    ['has no handlers', 'export default {}', 2, 'the options of this place have no "handlers"'],
    [
      'has unknown options',
      'export default { handlers: [], x: 1 }',
      1,
      'createSessionManager: unknown option "x"',
    ],
  ])('that %s is told in one line', async (_, text, code, reason) => {
    const said = await write(temporaryFolder(), text)(['count'])

    expect(said.code).toBe(code)
    expect(said.err).toContain(`sessionz: ${reason}`)
    expect(said.err.trimEnd()).not.toContain('\n')
  })

  it('comes from a php.ini as far as that says something', async () => {
    const { folder, now } = folderOf({ id: A, content: '{"n":1}' }, { id: B, age: 2000 })
    const ini = `session.save_path=${folder}\nsession.gc_maxlifetime=3000\nsession.serialize_handler=json\n`
    writeFileSync(join(folder, 'php.ini'), ini)

    expect((await cli(['count', '--php-ini', 'php.ini'], { cwd: folder, now })).out).toBe('2\n')
    expect((await cli(['show', A, '--php-ini', join(folder, 'php.ini')], { now })).out).toContain(
      'format  json\n\nn: 1\n',
    )
  })
})
