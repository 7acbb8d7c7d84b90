/**
 * A Node process that uses the files handler as an application does.
 *
 * Arguments: folder, id, options as JSON, then a task and its number.
 */
import { createInterface } from 'node:readline'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { filesHandler, type FilesOptions } from '../../../src/handlers/files.js'

const [savePath, id, json, task, argument] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const handler = filesHandler({ savePath, ...(JSON.parse(json) as FilesOptions) })
const chain = composeChain([handler])
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const heard = () => input.next()
const say = (line: string) => void process.stdout.write(`${line}\n`)
const context = () => createContext({ id, lockWaitMs: 60_000 })
const bytes = (content: string) => Uint8Array.from(Buffer.from(content, 'latin1'))
const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? 'absent' : Buffer.from(payload).toString('latin1')

/** Opens, says what it reads, writes what it is told, closes. */
async function hold(): Promise<void> {
  const activation = context()
  await chain.open(activation)
  say(text(await chain.read(id, activation)))
  const line = (await heard()).value as string | undefined
  if (line !== undefined) say(String(await chain.write(id, bytes(line), activation)))
  await chain.close(activation)
  say('closed')
}

async function holdAsNobody(): Promise<void> {
  process.setgid?.(65_534)
  process.setuid?.(65_534)
  await hold()
}

async function increment(): Promise<void> {
  const activation = context()
  const started = performance.now()
  await chain.open(activation)
  longest = Math.max(longest, performance.now() - started)
  const value = Number(/\d+/.exec(text(await chain.read(id, activation)))?.[0])
  // Of changing length, so that both ways of writing are met.
  const padding = 'x'.repeat((value * 7919) % 9000)
  await chain.write(id, bytes(`n|i:${value + 1};p|s:${padding.length}:"${padding}";`), activation)
  await chain.close(activation)
}

let longest = 0

/** Increments, up to ten at the same time. */
async function count(): Promise<void> {
  let left = Number(argument)
  await heard()
  const lane = async () => {
    while (left > 0) {
      left -= 1
      await increment()
    }
  }
  await Promise.all(Array.from({ length: 10 }, lane))
  say(String(Math.round(longest)))
}

/** Writes versions of one size for ever; each is a number repeated, so that any mixture shows. */
async function write(): Promise<never> {
  const size = Number(argument)
  say('ready')
  for (let version = 1; ; version += 1) {
    const activation = context()
    await chain.open(activation)
    await chain.read(id, activation)
    const digit = String(version % 10)
    // The length changes, too: shorter, longer, the same.
    const length = Math.max(1, size + ((version % 3) - 1) * Math.min(100, size - 1))
    await chain.write(id, bytes(`v|s:${length}:"${digit.repeat(length)}";`), activation)
    await chain.close(activation)
  }
}

/** Makes a session. */
async function make(): Promise<void> {
  const size = Number(argument)
  const activation = createContext({ id, isNew: true, lockWaitMs: 60_000 })
  say('ready')
  await chain.open(activation)
  await chain.write(id, bytes(`v|s:${size}:"${'1'.repeat(size)}";`), activation)
  await chain.close(activation)
}

/** Collects once; says how many it removed. */
async function collect(): Promise<void> {
  say('ready')
  await heard()
  say(String(await chain.gc(1440, createContext({ lock: 'none' }))))
}

const TASKS: Record<string, () => Promise<void>> = {
  hold,
  holdAsNobody,
  count,
  write,
  make,
  collect,
}
await TASKS[task]?.()
