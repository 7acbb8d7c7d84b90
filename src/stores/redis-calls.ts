/**
 * Calls to Redis that end in time, and whose failures tell Redis' own code and nothing else.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { storeCall } from '../lib/store-call.js'
import {
  redisCommands,
  type RedisClient,
  type RedisReply,
  type RedisServer,
  type RedisWord,
} from './redis.js'

/** A script and the name Redis knows it by once it has seen it. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

/** @param text Lua. Redis compares it byte by byte. */
export function redisScript(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** What a script works on. All keys lie in one slot of a Cluster. */
export interface ScriptInput {
  readonly keys: readonly [string, ...string[]]
  readonly words: readonly RedisWord[]
}

type Command = readonly [command: string, ...RedisWord[]]

/** Calls that fail with a `StoreError`. The first word of each is the operation, for its message. */
export interface RedisCalls {
  readonly clustered: boolean
  /** One command about one key. */
  send(
    operation: string,
    words: readonly [command: string, key: string, ...RedisWord[]],
  ): Promise<RedisReply>
  /** One script: by name, and with its text where the server has not seen it. */
  evaluate(operation: string, script: RedisScript, input: ScriptInput): Promise<RedisReply>
  /** Every server that holds keys. */
  servers(operation: string): Promise<RedisServer[]>
}

/**
 * @param handler Who speaks in errors.
 * @param timeoutMs After which a call has failed.
 * @throws {TypeError} For what is no client.
 */
export function redisCalls(
  client: RedisClient,
  { handler, timeoutMs }: { readonly handler: string; readonly timeoutMs: number },
): RedisCalls {
  const commands = redisCommands(client)
  const run = storeCall(handler, timeoutMs, told)
  const guarded =
    (operation: string, server: RedisServer): RedisServer =>
    (words) =>
      run(operation, () => server(words))

  return {
    clustered: commands.clustered,
    send: (operation, words) => run(operation, () => commands.send(words[1], words)),
    evaluate(operation, script, input) {
      const send = (words: Command) => commands.send(input.keys[0], words)
      return run(operation, () => evaluated(send, script, input))
    },
    async servers(operation) {
      const servers = await run(operation, () => commands.servers())
      return servers.map((server) => guarded(operation, server))
    },
  }
}

function evaluated(
  send: (words: Command) => Promise<RedisReply>,
  { text, sha }: RedisScript,
  { keys, words }: ScriptInput,
): Promise<RedisReply> {
  const rest = [String(keys.length), ...keys, ...words]
  return send(['EVALSHA', sha, ...rest]).then(undefined, (error: unknown) => {
    if (codeWord(error) === 'NOSCRIPT') return send(['EVAL', text, ...rest])
    throw error
  })
}

/** What `storeCall` understands: Redis' code is the first word of the message. */
function told(error: unknown): unknown {
  const code = codeWord(error)
  return code === undefined ? error : Object.assign(new Error(code), { code })
}

/** `NOSCRIPT No matching script` and the like; the rest of a message may quote the command. */
function codeWord(error: unknown): string | undefined {
  const message = (error as { message?: unknown } | undefined)?.message
  return typeof message === 'string' ? /^[A-Z]{2,20}(?= |$)/.exec(message)?.[0] : undefined
}
