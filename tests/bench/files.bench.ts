/**
 * A request's way through the files handler, beside session-file-store (which locks nothing and
 * rewrites by renaming), and what its small calls cost at once and through the thread pool.
 */
import { closeSync, constants, mkdtempSync, open, openSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, bench, describe } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { filesHandler } from '../../src/handlers/files.js'

interface FileStore {
  get(id: string, done: (error: unknown, session: object) => void): void
  set(id: string, session: object, done: (error: unknown) => void): void
}

const folder = mkdtempSync(join(tmpdir(), 'sessionz-bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const options = { time: 1000, warmupTime: 200 }

function peer(): FileStore | undefined {
  try {
    const require = createRequire(new URL('../interop/package.json', import.meta.url))
    const make = require('session-file-store') as (session: object) => new (o: object) => FileStore
    const Store = make(require('express-session') as object)
    return new Store({ path: join(folder, 'peer'), logFn: () => undefined, reapInterval: -1 })
  } catch {
    return undefined
  }
}

const store = peer()

for (const [name, size] of [
  ['1 KB', 1024],
  ['64 KB', 65_536],
] as const) {
  const versions = [1, 2, 3].map((version) => new Uint8Array(size + version).fill(96 + version))
  const sessions = versions.map((version) => ({
    cookie: {},
    value: Buffer.from(version).toString('latin1'),
  }))
  let turn = 0

  describe(`${name}: read and write`, () => {
    for (const [label, settings] of [
      ["sessionz with PHP's lock", {}],
      ["sessionz, lock: 'process'", { lock: 'process' }],
    ] as const) {
      const handler = filesHandler({ savePath: folder, ...settings })
      afterAll(() => handler.dispose?.())
      const chain = composeChain([handler])
      const id = `${label.length}-${size}`
      writeFileSync(join(folder, `sess_${id}`), versions[0] as Uint8Array, { mode: 0o600 })
      bench(
        label,
        async () => {
          const context = createContext({ id })
          await chain.open(context)
          await chain.read(id, context)
          await chain.write(id, versions[(turn += 1) % 3] as Uint8Array, context)
          await chain.close(context)
        },
        options,
      )
    }

    bench.skipIf(store === undefined)(
      'session-file-store',
      async () => {
        const session = sessions[(turn += 1) % 3] as object
        await new Promise((done) => store?.set('abc', session, done))
        await new Promise((done) => store?.get('abc', done))
      },
      options,
    )
  })
}

describe('opening and closing a file', () => {
  const path = join(folder, 'sess_open')
  writeFileSync(path, 'x')
  const openAside = promisify(open)
  bench('at once', () => closeSync(openSync(path, constants.O_RDWR)), options)
  bench(
    'through the thread pool',
    async () => closeSync(await openAside(path, constants.O_RDWR)),
    options,
  )
})
