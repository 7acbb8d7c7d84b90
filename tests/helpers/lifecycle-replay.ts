/** Statements of PHP done with a manager of ours, and what a handler of the same kind is called for. */
import { defineHandler, type HandlerDefinition, type SessionHandler } from '../../src/handler.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { SessionOptions, StartOverrides } from '../../src/options/options.js'
import type { Session } from '../../src/session.js'
import { line, type LifecycleVector } from './lifecycle-vectors.js'

export interface Replay {
  /** As `phpLines`, without the statements. */
  readonly lines: string
  /** What the session held after each statement of the vector, while one was active. */
  readonly seen: readonly (Readonly<Record<string, unknown>> | undefined)[]
  readonly stored: Readonly<Record<string, string>>
}

/** Which of PHP's later methods a kind of save handler has. */
const KINDS: Readonly<Record<string, readonly (keyof HandlerDefinition)[]>> = {
  Full: ['createId', 'validateId', 'updateTimestamp'],
  Duck: ['createId', 'validateId', 'updateTimestamp'],
  callable9: ['createId', 'validateId', 'updateTimestamp'],
  FullNoId: ['validateId', 'updateTimestamp'],
  BasicId: ['createId'],
  Basic: [],
  callable6: [],
}

/** PHP's name of each operation. */
const METHODS = { createId: 'create_sid' } as Readonly<Record<string, string>>

const text = (payload: Uint8Array) => Buffer.from(payload).toString('latin1')
const bytes = (value: string) => Uint8Array.from(Buffer.from(value, 'latin1'))

export async function replay(vector: LifecycleVector): Promise<Replay> {
  const calls: string[] = []
  const store = new Map(
    Object.entries(vector.store_b64).map(([id, b64]) => [id, text(Buffer.from(b64, 'base64'))]),
  )
  const manager = createSessionManager({
    handlers: [recorder(vector, calls, store)],
    ...optionsOf(vector),
  })
  const visit = visitor(manager, vector)
  const seen: Replay['seen'][number][] = []
  for (const { stmt } of vector.trace.filter(({ stmt }) => stmt !== undefined)) {
    const act = visit.find(stmt as string)
    await act().catch(() => undefined) // what it throws is not what is compared
    seen.push(visit.data())
  }
  await visit.end().catch(() => undefined)
  return {
    lines: calls.map((call) => `${call}\n`).join(''),
    seen,
    stored: Object.fromEntries(store),
  }
}

function optionsOf({ ini }: LifecycleVector): SessionOptions {
  const number = (name: string, fallback: number) => Number(ini[`session.${name}`] ?? fallback)
  return {
    savePath: String(ini['session.save_path']),
    serializer: String(ini['session.serialize_handler'] ?? 'php'),
    useStrictMode: number('use_strict_mode', 0) === 1,
    lazyWrite: number('lazy_write', 1) === 1,
    gc: {
      probability: number('gc_probability', 1),
      divisor: number('gc_divisor', 100),
      maxLifetime: number('gc_maxlifetime', 1440),
    },
  }
}

/** A handler over a map, which notes its calls and answers what the vector forces it to. */
function recorder(
  { handler, forced_returns }: LifecycleVector,
  calls: string[],
  store: Map<string, string>,
): SessionHandler {
  const counts: Record<string, number> = {}
  let made = 0
  /** Notes a call, then fails or answers as the vector says, or does the work. */
  const did = <T>(operation: string, words: readonly unknown[], work: () => T): T => {
    const method = METHODS[operation] ?? operation
    const forced = forced_returns[method]
    const count = counts[method] ?? 0
    counts[method] = count + 1
    const [answer] = Array.isArray(forced)
      ? [count < forced.length ? (forced[count] as unknown) : '@default']
      : [forced === undefined ? '@default' : (forced as { '*': unknown })['*']]
    const result = answer === '@default' || answer === '@throw' ? work() : (answer as T)
    const shown = operation !== 'createId' ? words : answer === '@throw' ? [] : [result]
    calls.push(line(method, ...shown) + (answer === '@throw' ? ' (throws)' : ''))
    if (answer === '@throw') throw new Error(`boom in ${method}`)
    if (result === false && (operation === 'read' || operation === 'open'))
      throw new Error('failed')
    return result
  }
  const all: Required<
    Omit<
      HandlerDefinition,
      | 'name'
      | 'copies'
      | 'shared'
      | 'renames'
      | 'stores'
      | 'list'
      | 'count'
      | 'listByOwner'
      | 'dispose'
    >
  > = {
    open: ({ savePath, name }) =>
      void did(
        'open',
        savePath === '/save/path' && name === 'PHPSESSID' ? [] : [savePath, name],
        () => true,
      ),
    close: () => void did('close', [], () => true),
    read(id) {
      const found = did('read', [id], () => store.get(id))
      return found === undefined ? undefined : bytes(found)
    },
    write: (id, payload) =>
      did('write', [id, text(payload)], () => (store.set(id, text(payload)), true)),
    destroy: (id) => did('destroy', [id], () => store.delete(id)),
    gc: (maxLifetime) => did('gc', [maxLifetime], () => 3),
    updateTimestamp: (id, payload) =>
      did('updateTimestamp', [id, text(payload)], () => store.has(id)),
    validateId: (id) => did('validateId', [id], () => store.has(id)),
    createId: () => did('createId', [], () => `newid${String((made += 1)).padStart(3, '0')}`),
  }
  const later = ['createId', 'validateId', 'updateTimestamp'] as const
  const missing = later.filter((name) => !KINDS[handler]?.includes(name))
  return defineHandler({
    name: 'recorder',
    ...Object.fromEntries(
      Object.entries(all).filter(([name]) => !missing.includes(name as 'createId')),
    ),
  })
}

function visitor(manager: SessionManager, { cookie_id }: LifecycleVector) {
  let session: Session | undefined
  let chosen: string | undefined
  let cookie = cookie_id ?? undefined

  async function start(overrides: StartOverrides): Promise<void> {
    const request =
      chosen !== undefined
        ? { id: chosen }
        : cookie === undefined
          ? {}
          : { cookieHeader: `PHPSESSID=${encodeURIComponent(cookie)}` }
    session = await manager.start(request, overrides)
    cookie = session.id
    // PHP writes nothing more in such a session; here it only has to be let go.
    if (overrides.readOnly === true) await session.abort()
  }

  const end = async () => {
    if (session?.status === 'active') await session.commit()
  }

  const STATEMENTS: readonly [RegExp, (...words: string[]) => unknown][] = [
    [/^session_start\(\)$/, () => start({})],
    [/^session_start\(\['read_and_close'=>(?:true|1)\]\)$/, () => start({ readOnly: true })],
    [/^session_id\('(\w+)'\)$/, (id) => void (chosen = id)],
    [/^session_(?:write_close|commit)\(\)$/, end],
    [/^session_abort\(\)$/, () => session?.abort()],
    [/^session_reset\(\)$/, () => session?.reset()],
    [/^session_unset\(\)$/, () => session?.clear()],
    [/^session_gc\(\)$/, () => manager.gc()],
    [/^session_create_id\((?:'([\w-]*)')?\)$/, (prefix) => manager.createId(prefix)],
    [/^session_regenerate_id\(\)$/, () => session?.regenerate({ grace: 1 })],
    [/^session_regenerate_id\(true\)$/, () => session?.regenerate()],
    [
      /^session_destroy\(\)$/,
      async () => {
        await session?.destroy()
        cookie = cookie_id ?? undefined
      },
    ],
    [/^unset\(\$_SESSION\['(\w+)'\]\)$/, (key = '') => session?.delete(key)],
    [/^\$_SESSION=\[\]$/, () => session?.clear()],
    [/^\$_SESSION\['([^']+)'\]=(\d+)$/, (key = '', value) => session?.set(key, Number(value))],
    [/^\$_SESSION\['([^']+)'\]='(\w*)'$/, (key = '', value) => session?.set(key, value)],
    [/^\$_SESSION\['(\w+)'\]=function\(\)\{\}$/, (key = '') => session?.set(key, () => undefined)],
    [
      /^\$_SESSION\['(\w+)'\]=strlen\(session_id\(\)\)$/,
      (key = '') => session?.set(key, session.id.length),
    ],
    [/^(?:\$_SESSION(?:\['\w+'\])?|session_(?:id|status|name)\(\)|exit)$/, () => undefined],
  ]

  return {
    end,
    data: () => (session?.status === 'active' ? { ...session.data } : undefined),
    /** @throws {TypeError} For a statement that has no counterpart. */
    find(statement: string): () => Promise<void> {
      const found = STATEMENTS.find(([pattern]) => pattern.test(statement))
      if (found === undefined) throw new TypeError(`a statement nobody replays: ${statement}`)
      const [pattern, act] = found
      return async () => void (await act(...(pattern.exec(statement) ?? []).slice(1)))
    },
  }
}
