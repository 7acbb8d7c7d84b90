/** The program `sessionz` on a folder that PHP filled: each command in a pipe and in a terminal. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { cliProgram, ended } from '../helpers/cli.js'
import { temporaryFolder } from '../helpers/folders.js'
import { until } from '../helpers/processes.js'
import { describeWith } from '../helpers/services.js'

/** Fills a folder with sessions `<prefix>0000...`, in a format. */
const FILL = `
  for ($number = 0; $number < (int) $argv[1]; $number++) {
    session_id($argv[2] . sprintf('%028d', $number));
    session_start();
    $_SESSION = ['user' => 'ann', 'number' => $number, 'ratio' => 5.0,
      'cart' => new ArrayObject(['coffee' => 2]), 'when' => new DateTimeImmutable('2026-01-31')];
    session_write_close();
  }`

function fill(folder: string, count: number, { prefix = 'abcd', format = 'php' } = {}): void {
  const settings = {
    save_path: folder,
    serialize_handler: format,
    use_cookies: '0',
    cache_limiter: '',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [
    '-d',
    `session.${name}="${value}"`,
  ])
  const args = [
    ...flags,
    '-d',
    'session.use_strict_mode=0',
    '-r',
    FILL,
    '--',
    String(count),
    prefix,
  ]
  const { stderr, stdout, status } = spawnSync('php', args, { encoding: 'utf8' })
  if (status !== 0 || stdout + stderr !== '') throw new Error(stdout + stderr)
}

const FIRST = `abcd${'0'.repeat(28)}`
const program = cliProgram()

function setUp(count = 3, options = {}) {
  const folder = temporaryFolder()
  fill(folder, count, options)
  const names = () => readdirSync(folder).filter((name) => name.startsWith('sess_'))
  const age = (name: string, seconds: number) => {
    const time = Date.now() / 1000 - seconds
    utimesSync(join(folder, name), time, time)
  }
  return { folder, names, age, place: ['--save-path', folder] }
}

describeWith('php', 'sessionz on a folder that PHP filled', () => {
  let made: ReturnType<typeof setUp>
  beforeEach(() => {
    made = setUp()
    mkdirSync(join(made.folder, 'to'), { mode: 0o700 })
    writeFileSync(join(made.folder, 'data.json'), '{"user":"ann","n":1}')
    writeFileSync(join(made.folder, 'php.ini'), 'session.name = SHOP\n')
  })

  /** A command line, what it prints in its lines, and its code where that is not 0. */
  const COMMANDS: [argv: string[], lines: RegExp, code?: number][] = [
    [['count'], /^3\n$/],
    [['list'], /^id +age +size\n(?:abcd0000… +\d+ s +\d+ B\n){3}$/],
    [['list', '--json'], /^(?:\{"id":"abcd0000…","touched":".*","age":\d+,"bytes":\d+\}\n){3}$/],
    [
      ['stats'],
      /^3 sessions, .*\n\nsize\n {2}below 256 B {2}3 {2}#+\n\nage .*\n {2}below 1 min {3}3 {2}#+\n$/,
    ],
    [
      ['show', FIRST],
      /^id {6}abcd0000…\n[^]*user: "ann"\nnumber: 0\nratio: 5\.0\ncart: ArrayObject \{/,
    ],
    [['show', FIRST, '--json'], /"data":\{"user":"ann","number":0,"ratio":\{"\$float":"5"\}/],
    [['decode', `sess_${FIRST}`], /^user: "ann"\nnumber: 0\n/],
    [['set', FIRST, 'user', 'bob'], /^$/],
    [['check'], /^3 sessions read, 0 unreadable\n$/],
    [['gc'], /^0 sessions removed\n$/],
    [['generate', '2'], /^2 sessions made\n$/],
    [['rotate-keys'], /^0 of 3 sessions sealed anew\n$/],
    [['keygen'], /^szk1_[\w-]{48}\n$/],
    [['destroy', FIRST], /^$/],
    [['destroy', '--expired'], /^0 sessions destroyed\n$/],
    [['migrate', '--from', 'files:.', '--to', 'files:to'], /^3 sessions moved\n$/],
    [['encode', 'data.json'], /^user\|s:3:"ann";n\|i:1;$/],
    [['ini', 'php.ini', '--json'], /^\{.*"name":"SHOP".*\}\n$/],
    [['destroy', '--all'], /^3 sessions destroyed\n$/],
    [['list', '--sort', 'nothing'], /^(?:sessionz: --sort must be one of age, size, id\n)?$/, 2],
    [['show', 'zzzz'], /^(?:sessionz: there is no such session\n)?$/, 1],
  ]
  const WITHOUT_PLACE = ['decode', 'encode', 'ini', 'keygen', 'migrate']

  const lineOf = (argv: string[]) =>
    WITHOUT_PLACE.includes(argv[0] as string) ? argv : [...argv, ...made.place]

  it.each(COMMANDS)('runs %j in a pipe', async (argv, lines, code = 0) => {
    const said = await program.run(lineOf(argv), { cwd: made.folder })

    expect(said.out).toMatch(lines)
    expect(said.err).toMatch(code === 0 ? /^$/ : /^sessionz: .*\n$/)
    expect(said.code).toBe(code)
  })

  describeWith('script', 'and in a terminal', () => {
    it.each(COMMANDS)('runs %j', async (argv, lines, code = 0) => {
      const said = await program.inTerminal(lineOf(argv), made.folder)

      // The bar comes and goes in its own line.
      expect(said.out.replace(/[^\n]*\r\x1b\[K/g, '')).toMatch(lines)
      expect(said.code).toBe(code)
    })
  })

  it('changes a variable so that PHP finds it, and all others as they were', async () => {
    const before = readFileSync(join(made.folder, `sess_${FIRST}`), 'latin1')
    await program.run(['set', FIRST, 'user', '{"name":"bob"}', ...made.place])
    const after = readFileSync(join(made.folder, `sess_${FIRST}`), 'latin1')
    const read = `session_id('${FIRST}'); session_start(); echo json_encode($_SESSION['user']), $_SESSION['when']->format('Y-m-d');`
    const php = spawnSync('php', ['-d', `session.save_path=${made.folder}`, '-r', read], {
      encoding: 'utf8',
    })

    expect(after).toBe(before.replace('user|s:3:"ann";', 'user|a:1:{s:4:"name";s:3:"bob";}'))
    expect(php.stdout).toBe('{"name":"bob"}2026-01-31')
  })

  it.each(['php', 'php_binary', 'php_serialize'])(
    'makes the bytes of PHP again of what it decoded, in format %s',
    async (format) => {
      const { folder } = setUp(1, { format })
      const file = join(folder, `sess_${FIRST}`)
      const decoded = await program.run(['decode', file, '--json'])
      const encode = program.start(['encode', '--format', format])
      encode.stdin?.end(decoded.out)

      expect((await ended(encode)).out).toBe(readFileSync(file, 'utf8'))
    },
  )

  it('keeps the folders below a save path apart', async () => {
    const { folder, place } = setUp(0)
    const deep = ['--save-path', `1;${folder}`]
    mkdirSync(join(folder, 'a'))
    fill(`1;${folder}`, 2)

    expect((await program.run(['count', ...deep])).out).toBe('2\n')
    expect((await program.run(['count', ...place])).out).toBe('0\n')
    expect((await program.run(['destroy', '--all', ...deep])).out).toBe('2 sessions destroyed\n')
  })

  it('waits for a session that PHP has open', async () => {
    const hold = `session_id('${FIRST}'); session_start(); echo "open\\n"; fgets(STDIN); $_SESSION['php'] = 1;`
    const php = cliPhp(made.folder, hold)
    await php.said('open')
    const setting = program.run(['set', FIRST, 'mine', '2', ...made.place])
    const refused = await program.run([
      'set',
      FIRST,
      'mine',
      '1',
      '--lock-wait',
      '0.2',
      ...made.place,
    ])
    php.go()

    expect(refused.err).toMatch(/^sessionz: in use: still locked after 0\.\d s\n$/)
    expect((await setting).code).toBe(0)
    expect(readFileSync(join(made.folder, `sess_${FIRST}`), 'latin1')).toMatch(
      /php\|i:1;mine\|i:2;$/,
    )
  })

  it('names the file that somebody broke', async () => {
    writeFileSync(join(made.folder, `sess_${FIRST}`), 'user|s:300:"ann";')
    const { code, out } = await program.run(['check', ...made.place])

    expect(code).toBe(1)
    expect(out).toMatch(/^abcd0000… {2}php: expected .*\n2 sessions read, 1 unreadable\n$/)
  })

  it('collects what PHP would collect', async () => {
    for (const name of made.names().slice(0, 2)) made.age(name, 2000)

    expect((await program.run(['count', '--expired', ...made.place])).out).toBe('2\n')
    expect((await program.run(['gc', ...made.place])).out).toBe('2 sessions removed\n')
    expect(made.names()).toHaveLength(1)
  })

  it('ends quietly in front of a reader who leaves', () => {
    const line = `"${process.execPath}" "${program.path}" list --limit 0 --save-path "${made.folder}" | head -n 1`
    const script = `set -o pipefail; ${line}; echo "\${PIPESTATUS[0]}"`
    fill(made.folder, 1500, { prefix: 'more' })
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })

    expect(stderr).toBe('')
    expect(stdout).toMatch(/^id +age +size\n0\n$/)
  })
})

describeWith('php', 'long work of sessionz', () => {
  describeWith('script', 'in a terminal', () => {
    it('shows a bar that moves, and removes it', async () => {
      const { place } = setUp(1500)
      const { out } = await program.inTerminal(['check', ...place])
      const shares = [...out.matchAll(/check \[[#.]{24}\] +(\d+) %/g)].map(([, share]) =>
        Number(share),
      )

      expect(new Set(shares).size).toBeGreaterThan(2)
      expect(shares).toEqual(shares.toSorted((a, b) => a - b))
      expect(out).toMatch(/\r\x1b\[K1,500 sessions read, 0 unreadable\n$/)
    })

    it('shows none in a pipe', async () => {
      const { place } = setUp(300)

      expect(await program.run(['check', ...place])).toEqual({
        code: 0,
        out: '300 sessions read, 0 unreadable\n',
        err: '',
      })
    })
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'ends on %s with code %i between two sessions, and leaves no lock',
    async (signal, code) => {
      const { place, names } = setUp(800)
      const child = program.start(['destroy', '--all', ...place])
      const end = ended(child)
      await until(() => names().length < 800, 'the first session is destroyed')
      child.kill(signal)
      const said = await end
      const left = names().length

      expect(said).toEqual({
        code,
        out: `${(800 - left).toLocaleString('en')} sessions destroyed\n`,
        err: '',
      })
      expect(left).toBeGreaterThan(0)
      expect((await program.run(['check', '--lock-wait', '2', ...place])).out).toBe(
        `${left.toLocaleString('en')} sessions read, 0 unreadable\n`,
      )
    },
  )
})

/** PHP that holds a session until it is told to go on. */
function cliPhp(folder: string, code: string) {
  const child = spawn('php', ['-d', `session.save_path=${folder}`, '-r', code])
  let out = ''
  child.stdout?.on('data', (piece: Buffer) => (out += piece.toString()))
  return {
    said: (word: string) => until(() => out.includes(word), `PHP says ${word}`),
    go: () => void child.stdin?.end('\n'),
  }
}
