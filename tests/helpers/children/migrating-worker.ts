/**
 * A process that counts in sessions which move from files to files with hashed ids.
 *
 * Arguments: old folder, new folder, mode or `old` or `new` for one side only. Each line is an order:
 * `count <id> <times>`, answered by `counted`; or `run <id>`, which never ends and says each number it
 * has stored.
 */
import { createInterface } from 'node:readline'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { hashedIdHandler } from '../../../src/handlers/hashed-id.js'
import { migratingHandler, type MigratingOptions } from '../../../src/handlers/migrating.js'

const [old, hidden, mode] = process.argv.slice(2) as [string, string, string]
const from = () => [filesHandler({ savePath: old })]
const to = () => [hashedIdHandler(), filesHandler({ savePath: hidden })]
const sides = { old: from, new: to }
const chain = composeChain(
  mode === 'old' || mode === 'new'
    ? sides[mode]()
    : [migratingHandler({ from: from(), to: to(), mode: mode as MigratingOptions['mode'] })],
)

async function increment(id: string): Promise<number> {
  const context = createContext({ id, lockWaitMs: 60_000 })
  try {
    await chain.open(context)
    const payload = await chain.read(id, context)
    if (payload === undefined) throw new Error('the session is lost')
    const next = Number(Buffer.from(payload).toString()) + 1
    context.closing = next % 2 === 0
    const written = await chain.write(id, Buffer.from(String(next)), context)
    if (!written) throw new Error('the write was refused')
    return next
  } finally {
    await chain.close(context)
  }
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [order, id, times] = line.split(' ') as [string, string, string]
  if (order === 'count') {
    for (let left = Number(times); left > 0; left -= 1) await increment(id)
    process.stdout.write('counted\n')
  } else {
    for (;;) process.stdout.write(`${await increment(id)}\n`)
  }
}
