/** Private Redis servers. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisCommands, type NodeRedisClient } from '../../src/stores/redis.js'
import { startDaemon, type Daemon } from './daemon.js'
import { nodeRedisClient, type TestClient } from './redis-clients.js'
import { freePort } from './servers.js'

/** Starts a Redis that keeps nothing on disk. @param settings Further words of its command line. */
export async function startRedis(...settings: string[]): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-redis-'))
  const port = await freePort()
  const address = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  const args = [...address, '--save', '', '--appendonly', 'no', ...settings]
  return startDaemon({ command: 'redis-server', args, port, folder })
}

/** Three servers that share the slots among them, without replicas. */
export interface RedisCluster {
  readonly nodes: readonly Daemon[]
  stop(): Promise<void>
}

const SLOTS = ['0 5460', '5461 10922', '10923 16383'] as const

/** Starts a Cluster and waits until every server of it says that it is whole. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes: Daemon[] = []
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())))
  const busPorts: string[] = []
  try {
    for (const _ of SLOTS) {
      // Its usual bus port, 10,000 above the other one, may be taken or beyond all ports.
      const busPort = String(await freePort())
      const settings = ['--cluster-enabled', 'yes', '--cluster-port', busPort]
      nodes.push(await startRedis(...settings))
      busPorts.push(busPort)
    }
    await assemble(nodes, busPorts)
    return { nodes, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function assemble(nodes: readonly Daemon[], busPorts: readonly string[]): Promise<void> {
  const clients = await Promise.all(nodes.map(({ port }) => nodeRedisClient(port)))
  try {
    for (const [index, client] of clients.entries()) {
      await ask(client, `ADDSLOTSRANGE ${SLOTS[index]}`)
      const port = nodes[index]?.port
      if (index > 0) await ask(clients[0], `MEET 127.0.0.1 ${port} ${busPorts[index]}`)
    }
    for (const client of clients) await untilWhole(client)
  } finally {
    for (const client of clients) await client.end()
  }
}

async function ask(to: TestClient<NodeRedisClient> | undefined, words: string): Promise<string> {
  if (to === undefined) throw new Error('there is no such server')
  return String(await redisCommands(to.client).send('', ['CLUSTER', ...words.split(' ')]))
}

/** Four hundred times at the most. */
async function untilWhole(client: TestClient<NodeRedisClient>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const info = await ask(client, 'INFO')
    if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('the cluster does not come together')
}
