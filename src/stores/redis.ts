/**
 * Redis, Valkey or a Cluster of them, over a client of the application: `ioredis` or `redis`.
 *
 * @module
 */

import { isAscii } from 'node:buffer'

/** One word of a command. */
export type RedisWord = string | Uint8Array

/** What a server answers; text comes as bytes. */
export type RedisReply = Buffer | number | null | string | readonly RedisReply[]

/** The part of `ioredis` (Redis and Cluster) that is called. */
export interface IoRedisClient {
  callBuffer(command: string, ...words: (string | Buffer)[]): Promise<unknown>
  /** Of a Cluster: its servers. */
  nodes?(role: 'master'): IoRedisClient[]
  readonly isCluster?: boolean
}

/** The part of `redis` (createClient) that is called. */
export interface NodeRedisClient {
  sendCommand(words: (string | Buffer)[], options?: object): Promise<unknown>
}

/** The part of `redis` (createCluster) that is called. */
export interface NodeRedisCluster {
  sendCommand(
    key: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    words: (string | Buffer)[],
    options?: object,
  ): Promise<unknown>
  readonly masters: readonly object[]
  nodeClient(node: never): NodeRedisClient | Promise<NodeRedisClient>
}

/** A connected client of the application. It is never closed here. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster

/** The client's commands in one form. */
export interface RedisCommands {
  /** Whether keys lie on several servers, so that a script may only touch those of one slot. */
  readonly clustered: boolean
  /** Sends one command; `key` says where it goes in a Cluster. */
  send(key: string, words: readonly [command: string, ...RedisWord[]]): Promise<RedisReply>
  /** Every server that holds keys, to walk them: one function for each, which sends to it. */
  servers(): Promise<RedisServer[]>
}

/** Sends one command to one server. */
export type RedisServer = (words: readonly [command: string, ...RedisWord[]]) => Promise<RedisReply>

/** Text as bytes, in the words of `redis` 4 and of its later versions. */
const AS_BYTES = { returnBuffers: true, typeMapping: { 36: Buffer } }

/** @throws {TypeError} For what is no client. */
export function redisCommands(client: RedisClient): RedisCommands {
  if (isIoRedis(client)) return ioRedis(client)
  if (isNodeCluster(client)) return nodeCluster(client)
  if (typeof (client as Partial<NodeRedisClient> | undefined)?.sendCommand === 'function') {
    return nodeRedis(client)
  }
  throw new TypeError('"client" must be a client of "ioredis" or "redis"')
}

function isIoRedis(client: RedisClient): client is IoRedisClient {
  return typeof (client as Partial<IoRedisClient> | undefined)?.callBuffer === 'function'
}

function isNodeCluster(client: RedisClient): client is NodeRedisCluster {
  return typeof (client as Partial<NodeRedisCluster> | undefined)?.nodeClient === 'function'
}

function ioRedis(client: IoRedisClient): RedisCommands {
  const sender =
    (node: IoRedisClient): RedisServer =>
    ([command, ...words]) =>
      caller(node, command).call(node, ...words.map(asWord)) as Promise<RedisReply>
  const send = sender(client)
  return {
    clustered: client.isCluster === true,
    send: (_, words) => send(words),
    servers: async () =>
      client.isCluster === true ? (client.nodes?.('master') ?? []).map(sender) : [send],
  }
}

type Caller = (this: IoRedisClient, ...words: (string | Buffer)[]) => Promise<unknown>

/**
 * The client's method for one command. Its `callBuffer` loses the command's name where it puts
 * commands together (`enableAutoPipelining`).
 */
function caller(node: IoRedisClient, command: string): Caller {
  const method = (node as object as Record<string, unknown>)[`${command.toLowerCase()}Buffer`]
  if (typeof method === 'function') return method as Caller
  return (...words) => node.callBuffer(command, ...words)
}

function nodeRedis(client: NodeRedisClient): RedisCommands {
  const send = nodeSender(client)
  return { clustered: false, send: (_, words) => send(words), servers: async () => [send] }
}

function nodeSender(client: NodeRedisClient): RedisServer {
  return (words) => client.sendCommand(words.map(asWord), AS_BYTES) as Promise<RedisReply>
}

function nodeCluster(cluster: NodeRedisCluster): RedisCommands {
  return {
    clustered: true,
    send: (key, words) =>
      cluster.sendCommand(key, false, words.map(asWord), AS_BYTES) as Promise<RedisReply>,
    servers: async () =>
      Promise.all(
        cluster.masters.map(async (node) => nodeSender(await cluster.nodeClient(node as never))),
      ),
  }
}

/** Up to this a look at the bytes costs less than what it saves. */
const SHORT = 16 * 1024

/**
 * The clients know strings and Buffers only. They put strings together and send them as UTF-8, and
 * Buffers one by one: short text without other characters is the same bytes as a string, and cheaper.
 */
function asWord(word: RedisWord): string | Buffer {
  if (typeof word === 'string') return word
  const { buffer, byteOffset, byteLength } = word
  const bytes = Buffer.isBuffer(word) ? word : Buffer.from(buffer, byteOffset, byteLength)
  return byteLength <= SHORT && isAscii(bytes) ? bytes.toString('latin1') : bytes
}
