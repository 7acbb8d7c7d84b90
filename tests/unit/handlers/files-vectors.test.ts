/** What real PHP did with a save folder, done by the handler: same names, permissions and contents. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import type { Chain } from '../../../src/handler.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { temporaryFolder } from '../../helpers/folders.js'

interface Entry {
  readonly path: string
  readonly dir?: boolean
  readonly symlink?: boolean
  readonly mode?: string
  readonly size?: number
  readonly mtime?: number | 'touched'
  readonly content_b64?: string
}

interface Vector {
  readonly id: string
  readonly category: string
  readonly name: string
  readonly save_path: string
  readonly umask: string
  readonly ini: Readonly<Record<string, number>>
  readonly php: string
  readonly now: number
  readonly before: readonly Entry[]
  readonly results: { readonly start?: boolean; readonly gc?: number | false }
  readonly after: readonly Entry[]
}

const vectors = readFileSync(new URL('../../vectors/files-handler.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)

/** Where PHP's way loses data or trusts too much, the handler differs; DESIGN.md names each. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'file-038': 'an expired session is absent, collected or not',
  'file-039': 'an unreadable session is left alone',
  'file-050': 'a value that cannot be written leaves the record as it was',
  'file-069': 'a folder is not counted as a removed session',
  'file-072': 'sessions below folders are collected, too',
}

const clock = (vector: Vector) => () => vector.now * 1000

function arrange(folder: string, entries: readonly Entry[]): void {
  for (const { path, dir, symlink, mode, mtime, content_b64: content = '' } of entries) {
    const full = join(folder, path)
    if (dir === true) mkdirSync(full, { recursive: true })
    else if (symlink === true) symlinkSync(join(folder, 'target'), full)
    else {
      writeFileSync(full, Buffer.from(content, 'base64'), { mode: parseInt(mode ?? '644', 8) })
      if (typeof mtime === 'number') utimesSync(full, mtime, mtime)
    }
  }
}

/** The folder as the vectors describe one. A file used now has the time of the vector. */
function listing(folder: string, now: number): Entry[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return names.map((name) => {
    const path = join(folder, name)
    const stats = lstatSync(path)
    if (stats.isDirectory()) return { path: `${name}/`, dir: true }
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0')
    if (stats.isSymbolicLink()) return { path: name, mode, symlink: true }
    const seconds = Math.floor(stats.mtimeMs / 1000)
    return {
      path: name,
      mode,
      size: stats.size,
      mtime: seconds === now || seconds > now + 1000 ? 'touched' : seconds,
      content_b64: readFileSync(path).toString('base64'),
    }
  })
}

/** `touched` for what is compared no closer: PHP touched it at the time the vectors were made. */
function expected(entries: readonly Entry[], now: number): Entry[] {
  return entries.map(({ size, ...entry }) => {
    if (entry.dir === true) return entry
    if (entry.symlink === true)
      return { path: entry.path, mode: entry.mode, symlink: true } as Entry
    return { ...entry, size, mtime: entry.mtime === now ? 'touched' : entry.mtime } as Entry
  })
}

function chainOf(folder: string, vector: Vector): Chain {
  const savePath = vector.save_path.replace('$DIR', folder)
  return composeChain([filesHandler({ savePath, lock: 'process' })])
}

function idOf(vector: Vector): string {
  return /session_id\(['"](.*?)['"]\)/.exec(vector.php)?.[1] as string
}

/** PHP's session_start(), `change`, session_write_close(). @returns Whether the session started. */
async function visit(chain: Chain, vector: Vector, change?: string | null): Promise<boolean> {
  const id = idOf(vector)
  const strict = vector.ini['session.use_strict_mode'] === 1
  const context = createContext({ id, strict, now: clock(vector) })
  try {
    await chain.open(context)
    const payload = await chain.read(id, context)
    if (change === null) await chain.destroy(id, context)
    else if (change !== undefined) await chain.write(id, Buffer.from(change), context)
    else if (payload !== undefined) await chain.updateTimestamp(id, payload, context)
    return payload !== undefined || change !== undefined || !strict
  } finally {
    await chain.close(context)
  }
}

/** A start that PHP refuses is refused here at construction, at open, or answered as absent. */
async function refusal(folder: string, vector: Vector): Promise<string> {
  try {
    const chain = chainOf(folder, vector)
    const id = idOf(vector)
    const context = createContext({ id, strict: false, now: clock(vector) })
    try {
      await chain.open(context)
      await chain.write(id, Buffer.from('x|i:1;'), context)
    } finally {
      await chain.close(context)
    }
    return 'none'
  } catch (error) {
    expect(String(error)).not.toContain(`sess_${idOf(vector)}`)
    return (error as { code?: string }).code ?? (error as Error).name
  }
}

const WROTE = /\$_SESSION\['(\w+)'\]=(\d+);/

function changeOf({ php }: Vector): string | null | undefined {
  if (php.includes('session_destroy')) return null
  const [, key, value] = WROTE.exec(php) ?? []
  return key === undefined ? undefined : `${key}|i:${value};`
}

afterEach(() => void process.umask(0o022))

describe('a save folder after the handler is as after PHP', () => {
  const skipped = ['file-037', 'file-045', 'file-046', 'file-036']
  const same = vectors.filter(
    (vector) =>
      vector.category !== 'gc' &&
      vector.results.start !== false &&
      !(vector.id in DIFFERENT) &&
      !skipped.includes(vector.id),
  )

  it.each(same)('$id: $name', async (vector) => {
    const folder = temporaryFolder()
    arrange(folder, vector.before)
    process.umask(parseInt(vector.umask, 8))

    expect(await visit(chainOf(folder, vector), vector, changeOf(vector))).toBe(true)

    expect(listing(folder, vector.now)).toEqual(expected(vector.after, vector.now))
  })

  it('file-037: a read without a lock does not touch the time', async () => {
    const vector = vectors.find(({ id }) => id === 'file-037') as Vector
    const folder = temporaryFolder()
    arrange(folder, vector.before)
    const chain = chainOf(folder, vector)
    const context = createContext({ id: 'e1', lock: 'read', readOnly: true, now: clock(vector) })

    await chain.open(context)
    expect(await chain.read('e1', context)).toEqual(Uint8Array.from(Buffer.from('a|i:1;')))
    await chain.close(context)

    expect(listing(folder, vector.now)).toEqual(expected(vector.after, vector.now))
  })

  it.each(['file-045', 'file-046', 'file-036'])(
    '%s: what is written, renewed or left is as PHP leaves it',
    async (name) => {
      const vector = vectors.find(({ id }) => id === name) as Vector
      const folder = temporaryFolder()
      arrange(folder, vector.before)
      const chain = chainOf(folder, vector)
      const now = clock(vector)
      const old = createContext({ id: 'e1', now })
      const fresh = /sess_([0-9a-f]{32})/.exec(JSON.stringify(vector.after))?.[1]

      await chain.open(old)
      const payload = (await chain.read('e1', old)) as Uint8Array
      if (fresh !== undefined) {
        const renewed = createContext({ id: fresh, isNew: true, now })
        await chain.open(renewed)
        expect(await chain.write(fresh, payload, renewed)).toBe(true)
        await chain.close(renewed)
      }
      if (name === 'file-046') await chain.destroy('e1', old)
      else await chain.write('e1', payload, old)
      await chain.close(old)

      expect(listing(folder, vector.now)).toEqual(expected(vector.after, vector.now))
    },
  )
})

describe('what PHP refuses to start is refused', () => {
  const refused = vectors.filter(({ id, results }) => results.start === false && !(id in DIFFERENT))

  it.each(refused)('$id: $name', async (vector) => {
    const folder = temporaryFolder()
    arrange(folder, vector.before)

    expect(await refusal(folder, vector)).toMatch(/^(RangeError|ERR_SESSION_(STORE|ID))$/)

    const { after, now } = vector
    const names = (entries: readonly Entry[]) => entries.map(({ path }) => path)
    expect(names(listing(folder, now))).toEqual(names(after))
  })
})

describe('gc', () => {
  const gc = vectors.filter(({ category }) => category === 'gc')

  it.each(gc)('$id: $name', async (vector) => {
    const folder = temporaryFolder()
    arrange(folder, vector.before)
    const chain = chainOf(folder, vector)
    const { 'session.gc_maxlifetime': lifetime = 1440 } = vector.ini
    const now = clock(vector)
    const context = createContext({ id: 'cur', strict: false, now })
    await chain.open(context)

    const removed = await chain.gc(lifetime, createContext({ lock: 'none', now }))
    await chain.close(context)

    const kept = (entries: readonly Entry[]) => entries.map(({ path }) => path).sort()
    if (vector.id === 'file-072') {
      expect(removed).toBe(1)
      expect(kept(listing(folder, vector.now))).toEqual(['c/', 'c/sess_cur', 'sess_old'])
      return
    }
    expect(kept(listing(folder, vector.now))).toEqual(kept(vector.after))
    if (typeof vector.results.gc === 'number') {
      expect(removed).toBe(vector.results.gc - (vector.id === 'file-069' ? 1 : 0))
    }
  })
})

describe('where the handler differs from PHP', () => {
  it.each(Object.entries(DIFFERENT))('%s: %s', async (name) => {
    const vector = vectors.find(({ id }) => id === name) as Vector
    const folder = temporaryFolder()
    arrange(folder, vector.before)
    if (vector.category === 'gc') return expect(vector.results.gc).not.toBe(1)
    const chain = chainOf(folder, vector)
    const context = createContext({ id: 'e1', now: clock(vector) })

    await chain.open(context)
    const payload = await chain.read('e1', context)
    await chain.close(context)

    const stored = Buffer.from(vector.before[0]?.content_b64 ?? '', 'base64')
    expect(payload).toEqual(name === 'file-038' ? undefined : Uint8Array.from(stored))
    expect(readFileSync(join(folder, 'sess_e1')).equals(stored)).toBe(true)
  })
})
