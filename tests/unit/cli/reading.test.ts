import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli } from '../../helpers/cli.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { folderOf, NOW_MS } from './fixture.js'

const IDS = ['aaaaaaaaaaaaaaaa1', 'bbbbbbbbbbbbbbbb2', 'cccccccccccccccc3'] as const
const [A, B, C] = IDS

const three = () =>
  folderOf(
    { id: A, age: 10 },
    { id: B, age: 300, content: `text|s:2000:"${'x'.repeat(2000)}";` },
    { id: C, age: 5000 },
  )

describe('the program', () => {
  it('tells all commands, and the options of each', async () => {
    const all = await cli(['--help'])
    const names = [...all.out.matchAll(/^ {2}(\S+) /gm)].map(([, name]) => name as string)

    expect(all.code).toBe(0)
    expect(names).toContain('rotate-keys')
    for (const name of names) {
      const one = await cli([name, '--help'])
      expect(one).toMatchObject({ code: 0, err: '' })
      expect(one.out).toContain(`sessionz ${name}`)
    }
    expect(await cli([])).toEqual(all)
  })

  it.each([
    [['nonsense'], 'there is no command "nonsense"; see sessionz --help'],
    [['count', '--nonsense'], "Unknown option '--nonsense'"],
    [['count', 'word'], 'usage: sessionz count'],
    [['count', '--limit', '3'], "Unknown option '--limit'"],
    [['count'], 'where are the sessions? Give --save-path, --sqlite or --config'],
    [
      ['count', '--save-path', 'a', '--sqlite', 'b'],
      'give one of --config, --save-path and --sqlite',
    ],
    [['count', '--save-path', 'a', '--table', 'b'], '--table goes with --sqlite'],
    [['list', '--save-path', 'a', '--limit', 'x'], '--limit must be an integer from 0 on'],
    [['list', '--save-path', '/', '--sort', 'x'], '--sort must be one of age, size, id'],
    [['set', 'abc', 'key', '--save-path', 'a'], 'give a value, or --delete'],
    [['destroy', '--save-path', 'a'], 'give one of: an id, --all, --expired'],
    [['destroy', 'abcd', '--all', '--save-path', 'a'], 'give one of: an id, --all, --expired'],
    [['migrate', '--from', 'files:a'], 'give --from and --to'],
    [['generate', 'x', '--save-path', 'a'], 'the count must be an integer from 0 on'],
    [['generate', '1', '--save-path', '/', '--expires', 'x'], '--expires must be a date'],
    [['check', '--save-path', 'a', '--lock-wait', 'x'], '--lock-wait must be seconds'],
  ])('calls %j a wrong command line, in one line', async (argv, reason) => {
    const { code, out, err } = await cli(argv, { cwd: temporaryFolder() })

    expect(out).toBe('')
    expect(err).toContain(`sessionz: ${reason}`)
    expect(err.split('\n')).toHaveLength(2)
    expect(code).toBe(2)
  })

  it('says in one line what it met', async () => {
    const { code, out, err } = await cli(['list', '--save-path', '0;600;absent'], { cwd: '/' })

    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(
      'sessionz: files: list failed: the folder for the file is missing (ENOENT) in /absent\n',
    )
  })
})

describe('sessionz count', () => {
  it('counts the live ones, and those that are over', async () => {
    const { place, now } = three()

    expect(await cli(['count', ...place], { now })).toEqual({ code: 0, out: '2\n', err: '' })
    expect((await cli(['count', '--expired', ...place], { now })).out).toBe('1\n')
    expect((await cli(['count', '--json', ...place], { now })).out).toBe('{"count":2}\n')
    expect((await cli(['count', '--max-lifetime', '9999', ...place], { now })).out).toBe('3\n')
  })

  it('finds sessions below folders', async () => {
    const folder = temporaryFolder()
    const options = ['--save-path', `1;${folder}`]

    expect((await cli(['count', ...options])).out).toBe('0\n')
  })
})

describe('sessionz list', () => {
  it('shows ids, ages and sizes, and whole ids only when asked to', async () => {
    const { place, now } = three()
    const sorted = await cli(['list', '--sort', 'age', ...place], { now })

    expect(sorted.out).toBe(
      'id              age      size\n' +
        'bbbbbbbb…     5 min    2.0 KB\n' +
        'aaaaaaaa…      10 s       6 B\n',
    )
    const full = await cli(['list', '--sort', 'id', '--full-ids', ...place], { now })
    expect(full.out).toMatch(new RegExp(`^${A} {17} *10 s +6 B$`, 'm'))
    for (const id of IDS) expect(sorted.out).not.toContain(id)
  })

  it('prints a line of JSON for each', async () => {
    const { place, now } = three()
    const { out } = await cli(['list', '--json', '--sort', 'size', '--expired', ...place], { now })

    const touched = new Date(NOW_MS - 300_000).toISOString()
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(lines).toHaveLength(3)
    expect(lines[0]).toEqual({ id: 'bbbbbbbb…', touched, age: 300, bytes: 2015 })
  })

  it.each(['id', 'age', 'size'])(
    'pages by --after and by --page, in the order of %s',
    async (sort) => {
      const ids = Array.from({ length: 7 }, (_, index) => `${String(index).repeat(9)}-one`)
      const stored = ids.map((id, index) => ({
        id,
        age: (index * 5) % 7,
        content: `n|i:${10 ** (index % 3)};`,
      }))
      const { place, now } = folderOf(...stored)
      const list = async (...more: string[]) => {
        const { out, err } = await cli(['list', '--json', '--sort', sort, ...more, ...place], {
          now,
        })
        const lines = out.split('\n').slice(0, -1)
        return { ids: lines.map((line) => (JSON.parse(line) as { id: string }).id), err }
      }
      const all = await list()

      let paged: string[] = []
      let after: string[] = []
      for (let page = 1; page <= 4; page += 1) {
        const byPage = await list('--limit', '2', '--page', String(page))
        const byAfter = await list('--limit', '2', ...after)
        expect(byAfter.ids).toEqual(byPage.ids)
        expect(byPage.err).toBe(page < 4 ? `there are more: --page ${page + 1}\n` : '')
        paged = [...paged, ...byPage.ids]
        after = ['--after', byPage.ids.at(-1) as string]
      }
      expect(all.ids).toHaveLength(7)
      expect(paged).toEqual(all.ids)
      expect((await list('--reverse')).ids).toEqual(all.ids.toReversed())
    },
  )

  it('begins behind a session in the order of the store, too', async () => {
    const { place, now } = three()
    const ids = async (...more: string[]) => {
      const { out } = await cli(['list', '--expired', '--full-ids', ...more, ...place], { now })
      return out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0] as string)
    }
    const all = await ids()

    expect(all.toSorted()).toEqual([...IDS])
    expect(await ids('--after', `${all[0]?.slice(0, 8)}…`)).toEqual(all.slice(1))
    expect(await cli(['list', '--after', 'zzzz', ...place], { now })).toMatchObject({
      code: 1,
      err: 'sessionz: there is no session to begin behind\n',
    })
  })

  it('ends quietly when nobody reads on', async () => {
    const { folder, now } = three()
    writeFileSync(
      join(folder, 'config.mjs'),
      `export default { handlers: [{
        name: 'endless', open() {}, close() {}, read() {}, write: () => true, destroy: () => false, gc: () => 0,
        async *list() { for (let n = 0; ; n++) yield { id: 'session-' + n, touchedMs: n, bytes: n } },
      }] }`,
    )
    const argv = ['list', '--limit', '0', '--config', 'config.mjs']

    const { code, err } = await cli(argv, { cwd: folder, now, leavesAfter: 100_000 })
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })
})

describe('sessionz show', () => {
  it('takes the beginning of an id, as lists print it', async () => {
    const { place, now } = folderOf({ id: A, content: 'user|s:3:"ann";price|d:5;' })
    const { code, out } = await cli(['show', 'aaaaaaaa…', ...place], { now })

    expect(code).toBe(0)
    expect(out).toBe(
      'id      aaaaaaaa…\nage     1 min\nstate   live, over in 23 min\nsize    25 B\nformat  php\n\n' +
        'user: "ann"\nprice: 5.0\n',
    )
  })

  it('prints JSON, and the stored bytes', async () => {
    const content = 'user|s:3:"ann";big|i:9223372036854775807;'
    const { place, now } = folderOf({ id: A, content })
    const { out } = await cli(['show', A, '--json', '--full-ids', ...place], { now })

    expect(JSON.parse(out)).toEqual({
      id: A,
      touched: new Date(NOW_MS - 60_000).toISOString(),
      live: true,
      bytes: content.length,
      format: 'php',
      data: { user: 'ann', big: { $bigint: '9223372036854775807' } },
    })
    expect((await cli(['show', A, '--raw', ...place], { now })).out).toBe(content)
  })

  it('finds out another format, unless it was told which it is', async () => {
    const { place, now } = folderOf({ id: A, content: '{"user":"ann"}' })

    expect((await cli(['show', A, ...place], { now })).out).toContain('format  json\n\nuser: "ann"')
    expect(await cli(['show', A, '--serializer', 'php', ...place], { now })).toMatchObject({
      code: 1,
    })
  })

  it('shows what is over and not collected yet, and changes nothing', async () => {
    const { folder, place, now } = three()
    const state = () => {
      const { ino, mode, size, mtimeMs, ctimeMs } = statSync(join(folder, `sess_${C}`))
      return { ino, mode, size, mtimeMs, ctimeMs }
    }
    const before = state()
    const { out } = await cli(['show', C, ...place], { now })

    expect(out).toContain('state   over, not collected yet')
    expect(state()).toEqual(before)
  })

  it.each([
    ['zzzzzzzz', 'there is no such session'],
    ['aaa', 'there is no such session'],
    ['../etc', 'not an id: use characters of A-Z a-z 0-9 , -'],
    ['aaaaa', '2 sessions begin so: give more of the id'],
  ])('does not guess what %s means', async (word, reason) => {
    const { place, now } = folderOf({ id: A }, { id: 'aaaaabbbbbb' })

    expect(await cli(['show', word, ...place], { now })).toEqual({
      code: 1,
      out: '',
      err: `sessionz: ${reason}\n`,
    })
  })
})

describe('sessionz stats', () => {
  it('draws sizes and ages', async () => {
    const { place, now } = three()
    const { code, out } = await cli(['stats', '--expired', ...place], { now })

    expect(code).toBe(0)
    expect(out).toContain('3 sessions, 2.0 KB; on average 676 B, the largest 2.0 KB\n')
    expect(out).toMatch(/^ {2}below 64 B {3}2 {2}#{50,}$/m)
    expect(out).toMatch(/^ {2}below 256 B {2}0$/m)
    expect(out).toMatch(/^ {2}below 15 min {2}1 {2}#+$/m)
    expect(out).toMatch(/^ {2}below 6 h {5}1 {2}#+$/m)
  })

  it('prints the same as JSON, and of nothing nothing', async () => {
    const { place, now } = three()
    const json = JSON.parse((await cli(['stats', '--json', ...place], { now })).out) as object

    expect(json).toMatchObject({ count: 2, bytes: 2021, mean: 1011, largest: 2015 })
    expect(json).toHaveProperty('sizes.1', { below: 64, count: 1 })
    expect(json).toHaveProperty('ages.8', { below: null, count: 0 })
    expect((await cli(['stats', ...folderOf().place], { now })).out).toContain('0 sessions, 0 B')
  })
})

describe('sessionz check', () => {
  it('names what cannot be read, and changes nothing', async () => {
    const { folder, place, now } = folderOf({ id: A }, { id: B, content: 'user|s:99:"ann";' })
    const { code, out, err } = await cli(['check', ...place], { now })

    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toMatch(
      /^bbbbbbbb… {2}php: expected .* at byte \d+\n1 session read, 1 unreadable\n$/,
    )
    expect(readFileSync(join(folder, `sess_${B}`), 'utf8')).toBe('user|s:99:"ann";')
    const json = (await cli(['check', '--json', ...place], { now })).out
    expect(JSON.parse(json)).toMatchObject({ id: 'bbbbbbbb…', code: 'ERR_SESSION_DECODE' })
  })

  it('is content with sessions that can all be read', async () => {
    const { place, now } = three()

    expect(await cli(['check', ...place], { now })).toEqual({
      code: 0,
      out: '3 sessions read, 0 unreadable\n',
      err: '',
    })
    expect((await cli(['check', '--limit', '2', ...place], { now })).out).toContain(
      '2 sessions read',
    )
  })
})
