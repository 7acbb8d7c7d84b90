/**
 * All sessions of a Redis or of every server of a Cluster, page by page, while others write.
 *
 * @module
 */
import type { SessionContext, SessionInfo } from '../handler.js'
import { isValidId } from '../id/validate.js'
import type { RedisCalls } from './redis-calls.js'
import type { RedisKeys } from './redis-keys.js'
import type { RedisReply, RedisServer } from './redis.js'

/** Keys looked at by one `SCAN`. Redis serves others in between. */
const PAGE = '500'

export interface RedisWalk {
  readonly calls: RedisCalls
  readonly keys: RedisKeys
}

/** Live sessions, each once: `SCAN` may tell a key twice, so the ids are remembered meanwhile. */
export async function* listSessions(
  walk: RedisWalk,
  context: SessionContext,
): AsyncIterable<SessionInfo> {
  for await (const ids of pages(walk)) {
    const infos = await Promise.all(ids.map((id) => infoOf(walk, id, context)))
    for (const info of infos) if (info !== undefined) yield info
  }
}

/**
 * Live sessions of an owner, each once. Who has no record and should have ended is taken out of the
 * set; who is to come is left in it.
 */
export async function* listOwned(
  walk: RedisWalk,
  owner: string,
  context: SessionContext,
): AsyncIterable<SessionInfo> {
  const seen = new Set<string>()
  for await (const page of members(walk, owner)) {
    const fresh = page.filter(({ id }) => isValidId(id) && !seen.has(id))
    for (const { id } of fresh) seen.add(id)
    const infos = await Promise.all(fresh.map(({ id }) => infoOf(walk, id, context)))
    const ended = fresh.filter(({ endMs }, at) => !infos[at] && endMs < context.now())
    await leave(walk, owner, ended)
    for (const info of infos) if (info !== undefined) yield { ...info, owner }
  }
}

interface Member {
  readonly id: string
  readonly endMs: number
}

async function* members({ calls, keys }: RedisWalk, owner: string): AsyncIterable<Member[]> {
  const key = keys.owner(owner)
  let cursor = '0'
  do {
    const reply = await calls.send('list', ['ZSCAN', key, cursor, 'COUNT', PAGE])
    const [next, words] = reply as [RedisReply, readonly RedisReply[]]
    yield words.flatMap((id, at) =>
      at % 2 === 0 ? [{ id: String(id), endMs: Number(String(words[at + 1])) }] : [],
    )
    cursor = String(next)
  } while (cursor !== '0')
}

async function leave({ calls, keys }: RedisWalk, owner: string, ended: readonly Member[]) {
  if (ended.length === 0) return
  await calls.send('list', ['ZREM', keys.owner(owner), ...ended.map(({ id }) => id)])
}

export async function countSessions(walk: RedisWalk): Promise<number> {
  let count = 0
  for await (const ids of pages(walk)) count += ids.length
  return count
}

async function* pages(walk: RedisWalk): AsyncIterable<string[]> {
  const seen = new Set<string>()
  for (const server of await walk.calls.servers('list')) {
    for await (const keys of scan(server, walk.keys.pattern)) {
      const ids = new Set(keys.flatMap((key) => walk.keys.idOf(key) ?? []))
      const fresh = [...ids].filter((id) => !seen.has(id))
      for (const id of fresh) seen.add(id)
      yield fresh
    }
  }
}

async function* scan(server: RedisServer, pattern: string): AsyncIterable<string[]> {
  let cursor = '0'
  do {
    const words = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', PAGE, 'TYPE', 'string'] as const
    const [next, keys] = (await server(words)) as [RedisReply, readonly RedisReply[]]
    yield keys.map(String)
    cursor = String(next)
  } while (cursor !== '0')
}

/** When a session was used is known from what is left of its lifetime. */
async function infoOf(
  { calls, keys }: RedisWalk,
  id: string,
  { now, maxLifetime }: SessionContext,
): Promise<SessionInfo | undefined> {
  const key = keys.record(id)
  const [left, bytes] = await Promise.all([
    calls.send('list', ['PTTL', key]),
    calls.send('list', ['STRLEN', key]),
  ])
  if (left === GONE) return undefined
  const spentMs = left === ENDLESS ? 0 : maxLifetime * 1000 - Number(left)
  return { id, touchedMs: Math.round(now() - Math.max(0, spentMs)), bytes: Number(bytes) }
}

/** Answers of `PTTL` that are no times. */
const GONE = -2
const ENDLESS = -1
