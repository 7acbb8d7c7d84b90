/** The published kit over moves: in each mode, with sessions that began on the new side or the old. */
import { createHash } from 'node:crypto'
import { describe, it } from 'vitest'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { migratingHandler, type MigratingOptions } from '../../src/handlers/migrating.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import { bornOld } from '../helpers/born-old.js'
import { temporaryFolder } from '../helpers/folders.js'
import { describeWith } from '../helpers/services.js'

type Sides = Pick<MigratingOptions, 'from' | 'to'>

/** @param make The handlers of one process, over stores that all processes share. */
function fixture(make: () => Sides, mode: MigratingOptions['mode'], old: boolean): HandlerFixture {
  let nowMs = 1_700_000_000_000
  const another = () => {
    const { from, to } = make()
    const moving = migratingHandler({ from, to, mode })
    return old ? [bornOld(from, moving), moving] : [moving]
  }
  return {
    handlers: another(),
    another,
    now: () => nowMs,
    advance: (seconds) => void (nowMs += seconds * 1000),
  }
}

const hashed = (made: HandlerFixture): HandlerFixture => ({
  ...made,
  listedAs: (id) => createHash('sha256').update(id).digest('hex'),
})

/** One object for all processes shares its store. */
function memories(): () => Sides {
  const [from, to] = [[memoryHandler()], [memoryHandler()]]
  return () => ({ from, to })
}

function files(): () => Sides {
  const [old, hidden] = [temporaryFolder(), temporaryFolder()]
  return () => ({
    from: [filesHandler({ savePath: old })],
    to: [hashedIdHandler(), filesHandler({ savePath: hidden })],
  })
}

function sealed(): () => Sides {
  const keys = generateKey()
  const [from, store] = [[memoryHandler()], memoryHandler()]
  return () => ({ from, to: [encryptionHandler({ keys }), hashedIdHandler(), store] })
}

const MODES = ['lazy', 'dual', 'read-old'] as const

function kit(
  name: string,
  create: (mode: MigratingOptions['mode'], old: boolean) => HandlerFixture,
  capabilities: HandlerCapabilities = {},
): void {
  for (const mode of MODES) {
    for (const old of [false, true]) {
      describe(`handler contract: ${name}, mode ${mode}, begun on the ${old ? 'old' : 'new'} side`, () => {
        // What is on the old side ends there by itself in this mode.
        const collects = !(old && mode === 'read-old')
        const able = { shared: true, collects, ...capabilities }
        for (const { name, run } of handlerCases(() => create(mode, old), able)) it(name, run)
      })
    }
  }
}

kit('memory to memory', (mode, old) => fixture(memories(), mode, old))

kit(
  'memory to encrypted memory with hashed ids',
  (mode, old) => {
    const made = fixture(sealed(), mode, old)
    return old ? made : hashed(made)
  },
  { lists: false },
)

describeWith('perl', 'files to files with hashed ids', () => {
  kit('files', (mode, old) => fixture(files(), mode, old), { longestId: 242, lists: false })
})
