/** Real PHP and real Node processes over one folder. */
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { filesHandler, type FilesOptions } from '../../src/handlers/files.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { talkToNode, talkToPhp } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'
import { childrenOf, until } from '../helpers/processes.js'
import { describeWith, has } from '../helpers/services.js'

const WORKER = 'tests/helpers/children/files-worker.ts'
const ID = 'abc'

/** Says what it finds, waits for a line, adds one and closes. */
const PHP_HOLD = `session_start(); echo $_SESSION['n'] ?? 'absent', "\\n"; fgets(STDIN);
  $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; session_write_close(); echo "closed\\n";`

const phpCount = (times: number) => `fgets(STDIN); $longest = 0;
  for ($i = 0; $i < ${times}; $i++) {
    $started = hrtime(true);
    session_start(); $longest = max($longest, hrtime(true) - $started);
    $_SESSION['n']++; $_SESSION['p'] = str_repeat('y', ($_SESSION['n'] * 7907) % 9000);
    session_write_close();
  }
  echo round($longest / 1e6), "\\n";`

function setUp(content = 'n|i:0;') {
  const folder = temporaryFolder()
  const path = join(folder, `sess_${ID}`)
  writeFileSync(path, content, { mode: 0o600 })
  const node = (task: string, options: FilesOptions = {}, argument = '') =>
    talkToNode(WORKER, [folder, ID, JSON.stringify(options), task, argument])
  return { folder, path, node, php: (code: string) => talkToPhp(folder, ID, code) }
}

/** How many wait for a lock of the file. */
function waiting(path: string): number {
  const { ino } = statSync(path)
  const lines = readFileSync('/proc/locks', 'latin1').split('\n')
  return lines.filter((line) => line.includes('->') && line.includes(`:${ino} `)).length
}

const counter = (path: string) => Number(/^n\|i:(\d+);/.exec(readFileSync(path, 'latin1'))?.[1])

describeWith('php', 'PHP and Node over one session', () => {
  for (const [provider, service] of [
    ['perl', 'perl'],
    ['php', 'php'],
    ['python3', 'python3'],
    ['node', 'flock'],
  ] as const) {
    describe.runIf(has(service))(`through ${provider}`, () => {
      it('Node waits for PHP, then reads what PHP wrote', async () => {
        const { path, node, php } = setUp()
        const first = php(PHP_HOLD)
        expect(await first.line()).toBe('0')

        const second = await node('hold', { provider })
        await until(() => waiting(path) === 1, 'Node waits')
        first.say('go on')

        expect(await first.line()).toBe('closed')
        expect(await second.line()).toBe('n|i:1;')
      })

      it('PHP waits for Node, then reads what Node wrote', async () => {
        const { path, node, php } = setUp()
        const first = await node('hold', { provider })
        expect(await first.line()).toBe('n|i:0;')

        const second = php(PHP_HOLD)
        await until(() => waiting(path) === 1, 'PHP waits')
        first.say('n|i:41;')

        expect(await first.line()).toBe('true')
        expect(await second.line()).toBe('41')
      })

      it('PHP goes on at once when the Node process that holds the session is killed', async () => {
        const { path, node, php } = setUp()
        const first = await node('hold', { provider })
        await first.line()
        const second = php(PHP_HOLD)
        await until(() => waiting(path) === 1, 'PHP waits')

        first.kill()

        expect(await second.line()).toBe('0')
      })

      it('leaves nothing of a Node process that is killed while it waits', async () => {
        const { path, node, php } = setUp()
        const first = php(PHP_HOLD)
        await first.line()
        const second = await node('hold', { provider })
        await until(() => waiting(path) === 1, 'Node waits')

        second.kill()
        await second.ended
        first.say('go on')
        await first.line()

        const third = php(PHP_HOLD)
        expect(await third.line()).toBe('1')
      })

      it('three PHP and three Node processes lose no update', { timeout: 120_000 }, async () => {
        const { path, node, php } = setUp()
        const times = provider === 'node' ? 60 : 300
        const workers = await Promise.all([
          ...[1, 2, 3].map(() => node('count', { provider }, String(times))),
          ...[1, 2, 3].map(() => php(phpCount(times))),
        ])
        for (const worker of workers) worker.say('go')

        const longest = await Promise.all(workers.map((worker) => worker.line()))

        expect(counter(path)).toBe(6 * times)
        // Nobody starves: the kernel's queue is everybody's.
        expect(Math.max(...longest.map(Number))).toBeLessThan(20_000)
      })
    })
  }

  it('Node goes on at once when the PHP process that holds the session is killed', async () => {
    const { path, node, php } = setUp()
    const first = php(PHP_HOLD)
    await first.line()
    const second = await node('hold')
    await until(() => waiting(path) === 1, 'Node waits')

    first.kill()

    expect(await second.line()).toBe('n|i:0;')
  })

  describe('a Node request that calls a PHP page with the same cookie', () => {
    const started = async (folder: string, options: SessionOptions = {}) => {
      const handlers = [filesHandler({ savePath: folder })]
      const manager = createSessionManager<{ n: number }>({ handlers, ...options })
      onTestFinished(() => manager.close())
      return await manager.start({ id: ID })
    }

    it('lets it in when the time to hold the session is over, and overwrites nothing', async () => {
      const { folder, path, php } = setUp()
      const page = php(`echo "ready\\n"; fgets(STDIN); ${PHP_HOLD}`)
      expect(await page.line()).toBe('ready')
      const session = await started(folder, { holdLimit: 2 })
      session.set('n', 9)
      page.say('go')
      await until(() => waiting(path) === 1, 'PHP waits')

      expect(await page.line()).toBe('0')
      page.say('go on')
      expect(await page.line()).toBe('closed')

      await expect(session.commit()).rejects.toThrow(/holdLimit/)
      expect(readFileSync(path, 'latin1')).toBe('n|i:1;')
    })

    it('waits for nothing where it suspends its session, and finds what the page wrote', async () => {
      const { folder, path, php } = setUp()
      const session = await started(folder)
      session.set('n', 5)

      await session.suspend(async () => {
        const page = php(PHP_HOLD)
        expect(await page.line()).toBe('5')
        page.say('go on')
        expect(await page.line()).toBe('closed')
      })

      expect(session.get('n')).toBe(6)
      session.set('n', 7)
      await session.commit()
      expect(readFileSync(path, 'latin1')).toBe('n|i:7;')
    })
  })

  it('Node finds nothing where PHP destroyed the session meanwhile', async () => {
    const { path, node, php } = setUp()
    const first = php(
      `session_start(); echo "held\\n"; fgets(STDIN); session_destroy(); echo "gone\\n";`,
    )
    await first.line()
    const second = await node('hold')
    await until(() => waiting(path) === 1, 'Node waits')

    first.say('go on')

    expect(await second.line()).toBe('absent')
    second.say('back')
    expect(await second.line()).toBe('false')
    expect(existsSync(path)).toBe(false)
  })

  it('a Node process that never disposes its handler ends by itself, and its helper with it', async () => {
    const { node } = setUp()
    const child = await node('hold')
    await child.line()
    const [helper] = childrenOf(child.pid)
    child.say('n|i:1;')

    child.child.stdin.end()

    expect(await child.ended).toBe(0)
    await until(() => !existsSync(`/proc/${helper}`), 'the helper is gone')
  })

  it("PHP's gc removes old journals, and no session of Node that is live", async () => {
    const { folder, path, php } = setUp()
    writeFileSync(`${path}.journal`, 'left behind')
    utimesSync(`${path}.journal`, 1, 1)

    const child = php(`session_start(); session_gc(); echo "done\\n";`)
    await child.line()

    expect(readdirSync(folder)).toEqual([`sess_${ID}`])
  })

  it('PHP reads and keeps the file that Node made, and the other way round', async () => {
    const { folder, php } = setUp()
    const made = await talkToNode(WORKER, [folder, 'made', '{}', 'hold', ''])
    expect(await made.line()).toBe('absent')

    const child = php(
      `session_id('made'); session_start(); $_SESSION['n'] = 1; session_write_close(); echo "closed\\n";`,
    )
    await child.line()
    const reader = await talkToNode(WORKER, [folder, 'made', '{}', 'hold', ''])

    expect(await reader.line()).toBe('n|i:1;')
  })
})

describe.runIf(process.geteuid?.() === 0 && has('perl'))('users', () => {
  const NOBODY = { uid: 65_534, gid: 65_534 }

  it('Node refuses the files of another user in words, as PHP does', async () => {
    const { folder, path } = setUp()
    chmodSync(folder, 0o777)
    chownSync(path, 1000, 1000)
    chmodSync(path, 0o666)

    const child = await talkToNode(WORKER, [`0;666;${folder}`, ID, '{}', 'hold', ''], NOBODY)

    await expect(child.line()).rejects.toThrow(
      /belongs to user 1000, this process to user 65534; PHP and Node must run as the same user/,
    )
  })

  it('Node tells a folder it may not use from a session that is not there', async () => {
    const { folder } = setUp()

    const child = await talkToNode(WORKER, [folder, ID, '{}', 'hold', ''], NOBODY)

    await expect(child.line()).rejects.toThrow(/permission denied \(EACCES\)/)
  })

  it('Node locks also when it has given up being root, which hides its descriptors', async () => {
    const { folder, path } = setUp()
    chownSync(folder, NOBODY.uid, NOBODY.gid)
    chownSync(path, NOBODY.uid, NOBODY.gid)
    const options = JSON.stringify({ provider: 'perl' })
    const holder = await talkToNode(WORKER, [folder, ID, options, 'holdAsNobody', ''])
    expect(await holder.line()).toBe('n|i:0;')

    const other = await talkToNode(WORKER, [folder, ID, options, 'hold', ''])
    await until(() => waiting(path) === 1, 'the other waits')
    holder.say('n|i:1;')

    expect(await other.line()).toBe('n|i:1;')
  })
})
