/** What is the database handler's own: options, tables, waits for SQLite, and what a visit costs. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext, type Activation } from '../../../src/context.js'
import {
  databaseHandler,
  databaseSchema,
  ownLayout,
  sqlite,
  type DatabaseOptions,
  type SqlDatabase,
} from '../../../src/handlers/database.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { openSqlite, SQLITE_DRIVER } from '../../helpers/database-places.js'
import type { TestSqlite } from '../../helpers/sqlite-clients.js'

const ID = 'a'.repeat(32)
const SECRET = 'secret-payload'
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const single = (fields: Partial<Activation> = {}) => createContext({ lock: 'none', ...fields })

const suite = describe.skipIf(SQLITE_DRIVER === undefined)

function connected(path = ':memory:'): TestSqlite {
  const connection = openSqlite?.(path)
  if (connection === undefined) throw new Error('this Node has no SQLite')
  onTestFinished(() => connection.close())
  return connection
}

/** A handler over SQLite, and the statements it sends. */
async function opened(options: Partial<DatabaseOptions> = {}, connection = connected()) {
  const statements: string[] = []
  const plain = sqlite(connection)
  const database: SqlDatabase = {
    ...plain,
    query(statement, parameters) {
      statements.push(statement)
      return plain.query(statement, parameters)
    },
  }
  const handler = databaseHandler({ database, ...options })
  await handler.migrate()
  return { handler, chain: composeChain([handler]), statements, connection }
}

suite('options of the database handler', () => {
  const database = () => sqlite(connected())

  it.each([
    ['"database.query"', {}],
    ['unknown option "tabel"', { database: 'here', tabel: 'sessions' }],
    ['"timeout"', { database: 'here', timeout: 0 }],
    ['"batch"', { database: 'here', batch: 0 }],
    ['"maxWaiters"', { database: 'here', maxWaiters: -1 }],
    ['"lock"', { database: 'here', lock: 'table' }],
    ['"lock" must be "lease"', { database: 'here', lock: 'connection' }],
    ['is no name of a table', { database: 'here', table: 'sessions; DROP TABLE users' }],
    ['is no name of a table', { database: 'here', table: '' }],
  ])('are refused by name: %s', (words, given) => {
    const options = { ...given, ...('database' in given ? { database: database() } : {}) }

    expect(() => databaseHandler(options as unknown as DatabaseOptions)).toThrow(words)
  })

  it('are refused where locks come from another kind of database', () => {
    const lockDatabase = { ...database(), dialect: 'mysql' as const }

    expect(() => databaseHandler({ database: database(), lockDatabase })).toThrow(RangeError)
  })

  it.each([undefined, {}, { prepare: 1 }])('take no client but one: %j', (client) => {
    expect(() => sqlite(client as never)).toThrow(TypeError)
  })
})

suite('the tables', () => {
  it('are made by the text of the schema as they are by migrate', () => {
    const connection = connected()
    connection.exec(databaseSchema({ dialect: 'sqlite', table: 'visits' }))
    const names = sqlite(connection).query("SELECT name FROM sqlite_schema WHERE type <> ''")

    expect(names).toMatchObject({
      rows: expect.arrayContaining([
        { name: 'visits' },
        { name: 'visits_locks' },
        { name: 'visits_expires' },
        { name: 'visits_owner' },
      ]) as unknown,
    })
  })

  it('are the ones of the handler', async () => {
    const { handler } = await opened({ table: 'visits' })

    expect(handler.schema()).toBe(databaseSchema({ dialect: 'sqlite', table: 'visits' }))
    await expect(handler.migrate()).resolves.toBeUndefined()
  })

  it.each(['postgres', 'mysql'] as const)('of %s have exact ids and two indexes', (dialect) => {
    const text = databaseSchema({ dialect })

    expect(text).toMatch(/COLLATE ("C"|ascii_bin)/)
    expect(text.match(/INDEX/g)).toHaveLength(2)
    expect(text).toContain(dialect === 'postgres' ? '"sessionz_locks"' : '`sessionz_locks`')
  })

  it('that are missing are told with what to run', async () => {
    const chain = composeChain([databaseHandler({ database: sqlite(connected()) })])
    const reading = async () => chain.read(ID, single())

    await expect(reading()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      message: expect.stringContaining('run migrate()') as string,
    })
  })

  it('with other columns are told in the same way', async () => {
    const connection = connected()
    connection.exec('CREATE TABLE sessionz (id TEXT, data BLOB)')
    const chain = composeChain([databaseHandler({ database: sqlite(connection) })])
    const created = single({ isNew: true })

    await expect((async () => chain.write(ID, bytes(SECRET), created))()).rejects.toThrow(
      'run migrate()',
    )
  })

  it('that hold text where bytes belong are an error, not an absence', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes(SECRET), single({ isNew: true }))
    connection.exec("UPDATE sessionz SET payload = 'text'")

    await expect((async () => chain.read(ID, single()))()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
    })
  })
})

suite('what a visit costs on SQLite', () => {
  const words = (statements: string[]) => statements.map((each) => each.split(' ')[0])

  it('is one transaction to open and read, and one to write and close', async () => {
    const { chain, statements } = await opened()
    await chain.write(ID, bytes('one'), single({ isNew: true }))
    const context = createContext({ id: ID })
    statements.length = 0
    await chain.open(context)
    await chain.validateId?.(ID, context)
    await chain.read(ID, context)
    const before = statements.splice(0)
    context.closing = true
    await chain.write(ID, bytes('two'), context)
    await chain.close(context)

    expect(words(before)).toEqual(['SELECT', 'BEGIN', 'INSERT', 'SELECT', 'COMMIT'])
    expect(words(statements)).toEqual(['BEGIN', 'UPDATE', 'DELETE', 'COMMIT'])
  })

  it('is one read for an id that nobody knows: nothing is written, nothing is locked', async () => {
    const { chain, statements } = await opened()
    statements.length = 0
    const context = createContext({ id: ID })
    await chain.open(context)
    expect(await chain.validateId?.(ID, context)).toBe(false)
    expect(await chain.read(ID, context)).toBeUndefined()
    await chain.close(context)

    expect(words(statements)).toEqual(['SELECT'])
  })

  it('is one read without a lock, whether the id was looked for before or not', async () => {
    const { chain, statements } = await opened()
    await chain.write(ID, bytes('one'), single({ isNew: true }))
    const context = single({ id: ID })
    statements.length = 0
    await chain.open(context)
    await chain.validateId?.(ID, context)
    await chain.read(ID, context)
    await chain.close(context)

    expect(words(statements)).toEqual(['SELECT'])
  })

  it('leaves no row in the table of locks', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes('one'), single({ isNew: true }))
    for (const closing of [false, true]) {
      const context = createContext({ id: ID })
      await chain.open(context)
      context.closing = closing
      await chain.write(ID, bytes('two'), context)
      await chain.close(context)
    }

    expect(sqlite(connection).query('SELECT id FROM sessionz_locks')).toMatchObject({ rows: [] })
  })
})

suite('a lock that is a row', () => {
  const lock = 'SELECT token, expires FROM sessionz_locks'

  it('is taken over when it has expired, and its first holder writes nothing', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes('old'), single({ isNew: true }))
    const first = createContext({ id: ID, lockLeaseMs: 60_000 })
    await chain.open(first)
    connection.exec('UPDATE sessionz_locks SET expires = 1')
    const other = composeChain([databaseHandler({ database: sqlite(connection) })])
    const second = createContext({ id: ID })
    await other.open(second)
    expect(await other.write(ID, bytes('new'), second)).toBe(true)
    const late = async () => chain.write(ID, bytes('late'), first)

    await expect(late()).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_LOST' })
    await chain.close(first)
    expect(sqlite(connection).query(lock)).toMatchObject({ changes: 1 })
    await other.close(second)
    expect(Buffer.from((await chain.read(ID, single())) ?? []).toString()).toBe('new')
  })

  it('that was removed under its holder lets it neither write, touch nor destroy', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes('old'), single({ isNew: true }))
    const context = createContext({ id: ID })
    await chain.open(context)
    connection.exec('DELETE FROM sessionz_locks')
    const calls = [
      async () => chain.write(ID, bytes('late'), context),
      async () => chain.updateTimestamp(ID, bytes('late'), context),
      async () => chain.destroy(ID, context),
    ]

    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_LOST' })
    }
    await chain.close(context)
  })

  it('of an activation that ended while it waited is given back', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes('old'), single({ isNew: true }))
    sqlite(connection).query("INSERT INTO sessionz_locks VALUES (?, 'other', ?)", [ID, 2 ** 52])
    const context = createContext({ id: ID, lockWaitMs: 5000 })
    const opening = Promise.resolve(chain.open(context))
    await chain.close(context)
    connection.exec('UPDATE sessionz_locks SET expires = 1')
    await opening

    expect(sqlite(connection).query(lock)).toMatchObject({ rows: [] })
  })

  it('that cannot be given back fails nothing: it is told as an event', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes('old'), single({ isNew: true }))
    const context = createContext({ id: ID })
    await chain.open(context)
    const written = await chain.write(ID, bytes('new'), context)
    connection.exec('DROP TABLE sessionz_locks')
    const told: unknown[] = []
    const listener = (message: unknown) => void told.push(message)
    subscribe('sessionz:error', listener)
    await chain.close(context)
    unsubscribe('sessionz:error', listener)

    expect(written).toBe(true)
    expect(told).toMatchObject([{ operation: 'close', error: { code: 'ERR_SESSION_STORE' } }])
  })

  it('is removed by gc when its holder died long ago', async () => {
    const { chain, connection } = await opened()
    connection.exec("INSERT INTO sessionz_locks VALUES ('dead', 'x', 1), ('held', 'y', 4503599627370496)") // prettier-ignore
    await chain.gc(1440, single())

    expect(sqlite(connection).query('SELECT id FROM sessionz_locks')).toMatchObject({
      rows: [{ id: 'held' }],
    })
  })
})

suite('SQLite, which another process writes', () => {
  /** Two connections to one file; the second one has the writer's lock until it is told. */
  async function busy(timeout: number) {
    const path = join(temporaryFolder(), 'sessions.sqlite')
    const { chain } = await opened({ timeout }, connected(path))
    await chain.write(ID, bytes('old'), single({ isNew: true }))
    const other = connected(path)
    other.exec('BEGIN IMMEDIATE')
    return { chain, release: () => other.exec('COMMIT') }
  }

  it('is waited for without stopping this process', async () => {
    const { chain, release } = await busy(5)
    let turns = 0
    const turn = setInterval(() => (turns += 1) === 10 && release(), 2)
    const written = await chain.write(ID, bytes('new'), single())
    clearInterval(turn)

    expect(written).toBe(true)
    expect(turns).toBeGreaterThanOrEqual(10)
  })

  it('is an error when the time is over, without a word of what was to be written', async () => {
    const { chain, release } = await busy(0.05)
    const error = await (async () => chain.write(ID, bytes(SECRET), single()))().then(
      () => undefined,
      (reason: unknown) => reason as Error & { code?: string },
    )
    release()

    expect(error?.code).toBe('ERR_SESSION_STORE')
    expect(error?.message).toContain('SQLITE_BUSY')
    expect(`${error?.message} ${JSON.stringify(error)} ${error?.stack}`).not.toMatch(/secret|aaaa/)
  })
})

suite('an expired record', () => {
  it('gives way to a new one that has nothing of it', async () => {
    const { chain, connection } = await opened()
    await chain.write(ID, bytes('old'), single({ isNew: true, now: () => 1_000_000 }))
    connection.exec("UPDATE sessionz SET owner = 'somebody'")
    const created = await chain.write(ID, bytes('new'), single({ isNew: true, now: () => 1e10 }))

    expect(created).toBe(true)
    expect(sqlite(connection).query('SELECT created, owner FROM sessionz')).toMatchObject({
      rows: [{ created: 1e10, owner: null }],
    })
  })

  it('stays for an application with a longer lifetime when another one collects', async () => {
    const { chain } = await opened()
    const month = 30 * 86_400
    await chain.write(ID, bytes('long'), single({ isNew: true, maxLifetime: month, now: () => 0 }))
    const later = () => 86_400_000
    const removed = await chain.gc(1440, single({ now: later }))

    expect(removed).toBe(0)
    expect(await chain.read(ID, single({ now: later, maxLifetime: month }))).toEqual(bytes('long'))
  })
})

suite('a layout of one’s own', () => {
  it('refuses ids it cannot keep, and has an empty payload for none', async () => {
    const layout = {
      ...ownLayout(),
      refuses: (id: string) => (id.includes('-') ? 'no dashes' : undefined),
      emptyIsAbsent: true,
    }
    const { chain } = await opened({ layout })
    const created = single({ isNew: true })
    const refused = async () => chain.write('a-b', bytes('data'), created)

    await expect(refused()).rejects.toMatchObject({ code: 'ERR_SESSION_ID', message: 'no dashes' })
    expect(await chain.read('a-b', single())).toBeUndefined()
    expect(await chain.write(ID, bytes(''), created)).toBe(true)
    expect(await chain.read(ID, single())).toBeUndefined()
    await chain.write(ID, bytes('data'), created)
    expect(await chain.write(ID, bytes(''), single())).toBe(true)
    expect(await chain.read(ID, single())).toBeUndefined()
  })

  it('writes nothing over what somebody without the lock wrote, where it compares', async () => {
    const { chain, connection } = await opened({ layout: { ...ownLayout(), compares: () => true } })
    await chain.write(ID, bytes('old'), single({ isNew: true }))
    const context = createContext({ id: ID })
    await chain.open(context)
    await chain.read(ID, context)
    sqlite(connection).query('UPDATE sessionz SET payload = ?', [Buffer.from('foreign')])
    const written = async () => chain.write(ID, bytes('ours'), context)

    await expect(written()).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_LOST' })
    await chain.close(context)
    expect(await chain.read(ID, single())).toEqual(bytes('foreign'))
  })
})
