/** The published cases that need more of a fixture: other processes, outages, spoilt records. */
import { createHash } from 'node:crypto'
import { existsSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import {
  expressStoreHandler,
  type ExpressSession,
  type ExpressStore,
} from '../../src/handlers/express-store.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { handlerCases, type HandlerFixture } from '../../src/testing/index.js'
import { temporaryFolder } from '../helpers/folders.js'
import { describeWith } from '../helpers/services.js'

function fixture(make: () => SessionHandler[], more: Partial<HandlerFixture>): HandlerFixture {
  let nowMs = 1_700_000_000_000
  return {
    handlers: make(),
    another: make,
    now: () => nowMs,
    advance: (seconds) => void (nowMs += seconds * 1000),
    ...more,
  }
}

/** Handlers that share one object share its store, as processes share a server. */
function memory(...layers: (() => SessionHandler)[]): HandlerFixture {
  const store = memoryHandler()
  return fixture(() => [...layers.map((layer) => layer()), store], {})
}

/** Names without PHP's `sess_`, an id among them, older than all sessions. */
function stranger(folder: string) {
  const paths = ['notes.txt', 'sess', 'a'.repeat(32)].map((name) => join(folder, name))
  for (const path of paths) {
    writeFileSync(path, 'mine')
    utimesSync(path, 1, 1)
  }
  return () => paths.every((path) => existsSync(path))
}

function files(...layers: (() => SessionHandler)[]): HandlerFixture {
  const savePath = temporaryFolder()
  return fixture(() => [...layers.map((layer) => layer()), filesHandler({ savePath })], {
    breakDown() {
      renameSync(savePath, `${savePath}.away`)
      return () => renameSync(`${savePath}.away`, savePath)
    },
    settleStranger: () => stranger(savePath),
  })
}

/** A store for express-session that can be down, and whose records can be spoilt. */
function express(): HandlerFixture {
  const records = new Map<string, string>()
  let down = false
  const answer = <T>(callback: ((error: unknown, value?: T) => void) | undefined, work: () => T) =>
    void setImmediate(() => (down ? callback?.(new Error('down')) : callback?.(null, work())))
  const parsed = (json: string | undefined) =>
    json === undefined ? null : (JSON.parse(json) as ExpressSession)
  const store: ExpressStore = {
    get: (id, callback) => answer(callback, () => parsed(records.get(id))),
    set: (id, session, callback) =>
      answer(callback, () => void records.set(id, JSON.stringify(session))),
    destroy: (id, callback) => answer(callback, () => void records.delete(id)),
    all: (callback) =>
      answer(callback, () =>
        Object.fromEntries(
          [...records].map(([id, json]) => [id, JSON.parse(json) as ExpressSession]),
        ),
      ),
  }
  return fixture(() => [expressStoreHandler(store)], {
    breakDown() {
      down = true
      return () => void (down = false)
    },
    spoil: (id) => void records.set(id, records.get(id)?.replace('"sessionz":"', '$&%') ?? ''),
  })
}

const hashed = (made: HandlerFixture): HandlerFixture => ({
  ...made,
  listedAs: (id) => createHash('sha256').update(id).digest('hex'),
})

const plain = new Set(handlerCases(memory).map(({ name }) => name))

/** What handlers.test.ts does not run. */
function more(
  create: () => HandlerFixture,
  capabilities: NonNullable<Parameters<typeof handlerCases>[1]>,
) {
  return handlerCases(create, capabilities).filter(({ name }) => !plain.has(name))
}

describe('several processes: memory', () => {
  for (const { name, run } of more(memory, { shared: true })) it(name, run)
})

describe('several processes: hashed ids, above memory', () => {
  const create = () => hashed(memory(hashedIdHandler))
  for (const { name, run } of more(create, { shared: true })) it(name, run)
})

describeWith('perl', 'several processes: files', () => {
  const capabilities = { shared: true, breaks: true, strangers: true }
  for (const { name, run } of more(files, capabilities)) it(name, run)
})

describeWith('perl', 'several processes: hashed ids, above files', () => {
  const capabilities = { shared: true, breaks: true, strangers: true }
  const create = () => hashed(files(hashedIdHandler))
  for (const { name, run } of more(create, capabilities)) it(name, run)
})

describe('outages: a store of express-session', () => {
  for (const { name, run } of more(express, { breaks: true, spoils: true })) it(name, run)
})

describe('the kit', () => {
  it('asks for more of a fixture only where it is told to', () => {
    const all = { shared: true, breaks: true, spoils: true, strangers: true }

    expect(handlerCases(memory, { shared: false })).toHaveLength(plain.size)
    expect(more(memory, all).map(({ name }) => name)).toHaveLength(11)
  })

  it('says what the fixture lacks', async () => {
    const create = () => ({ ...memory(), another: undefined })
    const [first] = more(create, { shared: true })

    await expect(first?.run()).rejects.toThrow('the fixture has no "another"')
  })

  it.each([
    [
      'a store of its own in each process',
      { shared: true },
      () => fixture(() => [memoryHandler()], {}),
      'what one process writes another one reads, and the other way round',
    ],
    [
      'locks that hold in one process only',
      { shared: true },
      () => {
        const savePath = temporaryFolder()
        return fixture(() => [filesHandler({ savePath, lock: 'process' })], {})
      },
      'the lock keeps other processes out from open to close',
    ],
    [
      'an outage taken for absence',
      { breaks: true },
      () => ({ ...memory(), breakDown: () => () => undefined }),
      'a store that is down fails what needs it, in time, and serves again when it is back',
    ],
  ])('finds %s', async (_, capabilities, create, found) => {
    const check = more(create, capabilities).find(({ name }) => name === found)

    await expect(check?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' })
  })
})
