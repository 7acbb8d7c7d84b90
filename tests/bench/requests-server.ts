/**
 * One contender's server, in a process that holds nothing else. Says its port first, and after that,
 * whenever it is asked, the microseconds of the processor that it has used.
 *
 *     node requests-server.mjs <store> <name> <port of Redis>
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { MEMORY, REDIS } from './requests-contenders.js'

const [, , store, name, redisPort] = process.argv
const contender = (store === 'redis' ? REDIS : MEMORY).find((each) => each.name === name)
if (contender === undefined) throw new Error(`nobody is called ${name}`)
const server = await contender.make(Number(redisPort))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.(user + system)
})
process.on('disconnect', () => process.exit())
process.send?.((server.address() as AddressInfo).port)
