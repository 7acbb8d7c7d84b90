/** The published conformance kit over every storing handler, alone and below layers. */
import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Payload, SessionHandler } from '../../src/handler.js'
import { defuseCipher, encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler, type FilesOptions } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/handler-cases.js'
import { defuseKey } from '../helpers/defuse.js'
import { temporaryFolder } from '../helpers/folders.js'

interface Row {
  readonly create: () => HandlerFixture | Promise<HandlerFixture>
  readonly capabilities?: HandlerCapabilities
}

/** Handlers that read no clock but the one they are given. */
function fixture(...handlers: SessionHandler[]): HandlerFixture {
  let nowMs = 1_700_000_000_000
  return {
    handlers,
    now: () => nowMs,
    advance: (seconds) => void (nowMs += seconds * 1000),
  }
}

/** Files in a folder of their own; their times are set by the contexts' clock. */
function files(options: FilesOptions, ...layers: SessionHandler[]): HandlerFixture {
  return fixture(...layers, filesHandler({ savePath: temporaryFolder(), ...options }))
}

/** What the store names are hashes of. */
function hashed(made: HandlerFixture, key?: string): HandlerFixture {
  const hash = () => (key === undefined ? createHash('sha256') : createHmac('sha256', key))
  return { ...made, listedAs: (id) => hash().update(id).digest('hex') }
}

/** A layer under a key of its own. */
function encrypted(): SessionHandler {
  return encryptionHandler({ keys: generateKey() })
}

/** PHP's names: `sess_` and the id, in a file system that takes names of 255 bytes. */
const FILES = { longestId: 242 } satisfies HandlerCapabilities

/** Finds sessions by owner. */
const OWNERS = { owners: true } satisfies HandlerCapabilities

const KEY = 'k'.repeat(32)

/** One row for each: what is added here is held to all that the others are. */
const ROWS: Readonly<Record<string, Row>> = {
  memory: { create: () => fixture(memoryHandler()), capabilities: OWNERS },
  'memory that keeps nothing, above memory': {
    create: () => fixture(memoryHandler(), memoryHandler()),
    capabilities: OWNERS,
  },
  'memory as a cache, above memory': {
    create: () => fixture(memoryHandler({ maxAge: 1 }), memoryHandler()),
    capabilities: OWNERS,
  },
  'files, locked in this process': {
    create: () => files({ lock: 'process' }),
    capabilities: FILES,
  },
  'memory as a cache, above files': {
    create: () => files({ lock: 'process' }, memoryHandler({ maxAge: 1 })),
    capabilities: FILES,
  },
  'hashed ids, above memory': {
    create: () => hashed(fixture(hashedIdHandler(), memoryHandler())),
    capabilities: OWNERS,
  },
  'hashed ids, above files': {
    create: () => hashed(files({ lock: 'process' }, hashedIdHandler({ key: KEY })), KEY),
  },
  'encryption, above memory': {
    create: () => fixture(encrypted(), memoryHandler()),
    capabilities: OWNERS,
  },
  "encryption in Defuse's format, above memory": {
    create: () =>
      fixture(encryptionHandler({ cipher: defuseCipher(defuseKey()) }), memoryHandler()),
    capabilities: OWNERS,
  },
  'encryption, above memory as a cache, above memory': {
    create: () => fixture(encrypted(), memoryHandler({ maxAge: 1 }), memoryHandler()),
    capabilities: OWNERS,
  },
  'memory as a cache, above encryption, above memory': {
    create: () => fixture(memoryHandler({ maxAge: 1 }), encrypted(), memoryHandler()),
    capabilities: OWNERS,
  },
  'encryption, above hashed ids, above memory': {
    create: () => hashed(fixture(encrypted(), hashedIdHandler(), memoryHandler())),
    capabilities: OWNERS,
  },
  'encryption, above files': {
    create: () => files({ lock: 'process' }, encrypted()),
    capabilities: FILES,
  },
  'encryption, above memory as a cache, above files': {
    create: () => files({ lock: 'process' }, encrypted(), memoryHandler({ maxAge: 1 })),
    capabilities: FILES,
  },
}

for (const [name, { create, capabilities }] of Object.entries(ROWS)) {
  describe(`handler contract: ${name}`, () => {
    for (const { name, run } of handlerCases(create, capabilities)) it(name, run)
  })
}

/** What handlers of this world got wrong, each done to one that gets it right. */
const FAULTS: readonly (readonly [
  fault: string,
  found: string,
  spoil: (handler: SessionHandler) => Partial<SessionHandler>,
])[] = [
  [
    'a write that brings back what was destroyed',
    'a write never brings a destroyed record back',
    ({ write }) => ({
      write: async (id, payload, context, next) =>
        (await write(id, payload, context, next)) ||
        write(id, payload, { ...context, isNew: true }, next),
    }),
  ],
  [
    'ids without their case',
    'ids are compared character by character, in their case and length',
    ({ read, write }) => ({
      read: (id, context, next) => read(id.toLowerCase(), context, next),
      write: (id, payload, context, next) => write(id.toLowerCase(), payload, context, next),
    }),
  ],
  [
    'ids without what is no letter or digit',
    'every character and length of an id is taken',
    ({ write }) => ({
      write: (id, payload, context, next) =>
        write(id.replace(/[^a-zA-Z0-9]/g, ''), payload, context, next),
    }),
  ],
  [
    'ids whose accents are folded',
    'what is no id is refused or kept apart',
    ({ read, write }) => ({
      read: (id, context, next) => read(id.normalize('NFC'), context, next),
      write: (id, payload, context, next) =>
        write(id.normalize('NFC'), payload, context, next) || true,
    }),
  ],
  [
    'payloads taken for text',
    'every byte is kept as it is',
    ({ write }) => ({
      write: (id, payload, context, next) =>
        write(id, Buffer.from(Buffer.from(payload).toString()), context, next),
    }),
  ],
  [
    'one payload for all readers',
    'what is done to a payload that was read reaches no other reader',
    ({ read }) => {
      const kept = new Map<string, Payload>()
      return {
        async read(id, context, next) {
          const payload = kept.get(id) ?? (await read(id, context, next))
          if (payload !== undefined) kept.set(id, payload)
          return payload
        },
      }
    },
  ],
  ['no lock', 'no update is lost: increments at once add up', () => ({ open: () => undefined })],
  [
    'a lock under every id that is asked for',
    'an unknown id in strict mode takes no lock',
    ({ open }) => ({ open: (context, next) => open({ ...context, strict: false }, next) }),
  ],
  [
    'a close that gives back nothing',
    'the lock is given back whatever happens between open and close',
    () => ({ close: () => undefined }),
  ],
  [
    'a touch that writes what its request had read',
    'a touch rolls back no write that was faster',
    ({ write }) => ({
      updateTimestamp: (id, payload, context, next) => write(id, payload, context, next),
    }),
  ],
  [
    'a touch that is lost',
    'a touch keeps the data and lengthens the life',
    () => ({ updateTimestamp: () => true }),
  ],
  [
    'expiry by gc only',
    'an expired record is absent, also where nothing has collected it',
    ({ read }) => ({
      read: (id, context, next) => read(id, { ...context, maxLifetime: 1e9 }, next),
    }),
  ],
  [
    'a lifetime that nobody asked for',
    'a record is as old as it is, whatever lifetime it was written with',
    ({ read }) => ({
      read: (id, context, next) => read(id, { ...context, maxLifetime: 1440 }, next),
    }),
  ],
  [
    'gc of one batch',
    'gc removes what has expired, all of it and nothing else, and says how many',
    ({ gc }) => ({
      gc: async (maxLifetime, context, next) => Math.min(100, await gc(maxLifetime, context, next)),
    }),
  ],
  [
    'a read that creates',
    'to look for an unknown id creates nothing',
    ({ read, write }) => ({
      read(id, context, next) {
        write(id, new Uint8Array(), { ...context, isNew: true }, next as never)
        return read(id, context, next)
      },
    }),
  ],
  [
    'a list with what has expired',
    'list and count know the live sessions only',
    ({ list }) => ({
      list: (context, next) =>
        (list as NonNullable<typeof list>)({ ...context, maxLifetime: 1e9 }, next),
    }),
  ],
]

describe('the kit', () => {
  it('leaves out what a handler cannot do, and nothing else', () => {
    const create = () => fixture(memoryHandler())
    const all = handlerCases(create).map(({ name }) => name)
    const some = handlerCases(create, { locks: false, lists: false }).map(({ name }) => name)

    expect(new Set(all).size).toBe(all.length)
    expect(all.length - some.length).toBe(12)
    expect(all).toEqual(expect.arrayContaining(some))
  })

  it.each(FAULTS)('finds %s', async (_, found, spoil) => {
    const create = () => {
      const handler = memoryHandler()
      return { ...fixture({ ...handler, ...spoil(handler) }), context: { lockWaitMs: 50 } }
    }
    const failed: string[] = []
    for (const { name, run } of handlerCases(create)) {
      if (name !== found) continue
      await run().catch(() => failed.push(name))
    }

    expect(failed).toEqual([found])
  })
})
