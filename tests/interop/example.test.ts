/** The example page as a user starts it: one command, a browser, and PHP beside it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith } from '../helpers/services.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The first start builds the library. */
const START_MS = 120_000

interface Example {
  readonly node: string
  readonly php: string
  readonly folder: string
  stop(): Promise<void>
}

/** Runs an npm script of the repository until it prints that it is ready. */
async function startExample(script: 'start' | 'start:php'): Promise<Example> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-example-'))
  const child = spawn('npm', ['run', script], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', PHP_PORT: '0', SESSIONS_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const printed = await outputUntil(child, 'Ctrl+C stops.')
  const address = (name: string) => new RegExp(`^${name} +(http://\\S+)/$`, 'm').exec(printed)?.[1]
  return {
    node: address('Node') ?? '',
    php: address('PHP') ?? '',
    folder,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      process.kill(-(child.pid as number), 'SIGINT')
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function outputUntil(child: ChildProcess, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.once('exit', () => reject(new Error(`the example ended: ${printed}`)))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      if (printed.includes(words)) resolve(printed)
    })
  })
}

/** A visitor without a browser: keeps one cookie and follows redirects. */
function visitor() {
  let cookie = ''

  async function request(url: string, form?: Record<string, string>): Promise<string> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const removed = pair.endsWith('=deleted') || /expires=Thu, 0?1[- ]Jan[- ]1970/i.test(line)
      cookie = removed ? '' : pair
    }
    const location = response.headers.get('location')
    if (location !== null) return request(new URL(location, url).href)
    expect(response.status).toBe(200)
    return response.text()
  }

  return { request, id: () => cookie.replace(/^[^=]*=/, '') }
}

/** What the page shows, by the marks both pages carry. */
function shown(page: string) {
  const find = (pattern: RegExp) => pattern.exec(page)?.[1]
  return {
    visits: Number(find(/data-visits>(\d+)</)),
    coffee: Number(find(/data-quantity="coffee"[^>]*>(\d+)</)),
    user: find(/data-user>([^<]*)</),
    stored: find(/data-stored>([^<]*)</)?.replaceAll(/&#34;|&quot;/g, '"'),
  }
}

async function isOpen(url: string): Promise<boolean> {
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1')
  const open = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return open
}

describe('npm start', () => {
  let example: Example
  beforeAll(async () => {
    example = await startExample('start')
  }, START_MS)
  afterAll(() => example.stop())

  it('counts visits and fills a cart, in a file that PHP could read', async () => {
    const { request, id } = visitor()

    expect(shown(await request(`${example.node}/`)).visits).toBe(1)
    const page = shown(await request(`${example.node}/add`, { item: 'coffee' }))

    expect(page).toMatchObject({ visits: 2, coffee: 1, user: undefined })
    expect(page.stored).toBe('visits|i:2;cart|a:1:{s:6:"coffee";i:1;}')
    expect(readdirSync(example.folder)).toContain(`sess_${id()}`)
  })

  it('gives a new id at login, and ends everything at logout', async () => {
    const { request, id } = visitor()
    await request(`${example.node}/`)
    const before = id()

    const page = shown(await request(`${example.node}/login`, { name: ' <Ada> ' }))

    expect(page.user).toBe('&#60;Ada&#62;')
    expect(id()).not.toBe(before)
    expect(readdirSync(example.folder)).not.toContain(`sess_${before}`)

    const loggedIn = id()
    expect(shown(await request(`${example.node}/logout`, {}))).toMatchObject({
      visits: 1,
      user: undefined,
    })
    expect(readdirSync(example.folder)).not.toContain(`sess_${loggedIn}`)
  })

  it('refuses a page that is not there and a form that is too large', async () => {
    expect((await fetch(`${example.node}/other`)).status).toBe(404)
    const body = `item=${'x'.repeat(20_000)}`
    expect((await fetch(`${example.node}/add`, { method: 'POST', body })).status).toBe(413)
  })
})

describeWith('php', 'npm run start:php', () => {
  let example: Example
  beforeAll(async () => {
    example = await startExample('start:php')
  }, START_MS)
  afterAll(() => example.stop())

  it('shows one session on both pages, whoever changes it', async () => {
    const { request, id } = visitor()

    expect(shown(await request(`${example.node}/`)).visits).toBe(1)
    expect(shown(await request(`${example.php}/`)).visits).toBe(2)
    await request(`${example.php}/add`, { item: 'coffee' })
    await request(`${example.node}/add`, { item: 'coffee' })
    const before = id()
    await request(`${example.php}/login`, { name: 'Grace' })

    const [node, php] = [await request(`${example.node}/`), await request(`${example.php}/`)]
    expect(id()).not.toBe(before)
    expect(shown(node)).toMatchObject({ visits: 6, coffee: 2, user: 'Grace' })
    expect(shown(php)).toMatchObject({ visits: 7, coffee: 2, user: 'Grace' })
    expect(shown(php).stored).toBe('visits|i:7;cart|a:1:{s:6:"coffee";i:2;}user|s:5:"Grace";')

    expect(shown(await request(`${example.node}/logout`, {})).user).toBeUndefined()
    expect(shown(await request(`${example.php}/`))).toMatchObject({ visits: 2, user: undefined })
  })

  it('loses no visit when both pages are opened many times at once', async () => {
    const { request } = visitor()
    await request(`${example.node}/`)

    const urls = Array.from({ length: 40 }, (_, n) => (n % 2 ? example.node : example.php))
    await Promise.all(urls.map((url) => request(`${url}/`)))

    expect(shown(await request(`${example.node}/`)).visits).toBe(42)
  })

  describeWith('chromium', 'in a browser', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      })
    }, 60_000)
    afterAll(() => browser.close())

    it('logs in on the Node page and shows it on the PHP page beside it', async () => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
      await page.goto(`${example.node}/`)
      await page.getByLabel('Your name').first().fill('Ada')
      await page.getByRole('button', { name: 'Log in' }).first().click()

      const php = page.frameLocator('iframe')
      await expect.poll(() => page.locator('[data-user]').textContent()).toBe('Ada')
      await expect.poll(() => php.locator('[data-user]').textContent()).toBe('Ada')

      await php.getByRole('button', { name: 'Add Coffee' }).click()
      await expect.poll(() => page.locator('[data-quantity=coffee]').textContent()).toBe('1')
      expect(await page.locator('body').getAttribute('class')).toBe('node')
      await page.close()
    })

    it.each([375, 1280])('fits a window of %i pixels', async (width) => {
      const page = await browser.newPage({ viewport: { width, height: 900 } })
      await page.goto(`${example.node}/`)
      await page.frameLocator('iframe').locator('[data-stored]').waitFor()

      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      await page.close()
    })
  })

  it('stops cleanly, PHP and its workers too', async () => {
    await example.stop()

    expect(await isOpen(example.node)).toBe(false)
    expect(await isOpen(example.php)).toBe(false)
  })
})
