/**
 * PHP's `files` save handler: one file a session, the same names, permissions and locks, so that PHP
 * and Node serve the same live sessions.
 *
 * `sess_<id>` holds the payload and nothing else; its time of change is the time of last use. A
 * file `sess_<id>.journal` lies beside it only while it is rewritten, or after a crash.
 *
 * It is the innermost handler: it decides what exists.
 *
 * @module
 * @see php-src ext/session/mod_files.c
 */
import type { SessionHandler } from '../handler.js'
import { isBase } from '../link.js'
import { fileError } from '../lib/fs-error.js'
import { functionFlock, helperFlock, processFlock, type Flock } from '../locks/flock.js'
import { sessionFiles } from '../stores/session-files.js'
import { resolveFilesOptions, type FilesOptions, type FilesSettings } from './files-options.js'
import {
  begin,
  end,
  folders,
  isKnown,
  own,
  warnIfListable,
  workOf,
  type Store,
} from './files-store.js'
import { collect, countSessions, listSessions } from './files-sweep.js'
import {
  assertUsable,
  destroySession,
  enter,
  inTurn,
  readSession,
  touchSession,
  writeSession,
} from './files-visit.js'

export type { FilesOptions } from './files-options.js'
export type { FlockFunction, FlockProvider } from '../locks/flock.js'

/**
 * Keeps sessions in files, as PHP does.
 *
 * @throws {TypeError | RangeError} For an option that cannot be.
 * @throws {StoreError} When nothing on this machine can take PHP's lock; it names the choices.
 */
export function filesHandler(options: FilesOptions = {}): SessionHandler {
  const settings = resolveFilesOptions(options)
  const store: Store = {
    folderOf: folders(settings.savePath),
    files: sessionFiles(flockOf(settings), settings.maxWaiters),
    durable: settings.durability === 'fsync',
    visits: new WeakMap(),
    seen: new WeakSet(),
  }
  return {
    name: 'files',
    ...activations(store),
    ...records(store),
    ...administration(store),
    dispose: () => store.files.dispose(),
  }
}

function flockOf({ lock, flock, provider }: FilesSettings): Flock {
  if (lock === 'process') return processFlock()
  return flock === undefined ? helperFlock(provider) : functionFlock(flock)
}

// `next` is called before anything is waited for, so that operations of one activation may overlap.

function activations(store: Store): Pick<SessionHandler, 'open' | 'close'> {
  return {
    async open(context, next) {
      const { id, lock } = context
      warnIfListable(store, context)
      if (id === undefined || lock === 'none') return next(context)
      const visit = begin(store, id, context)
      await Promise.all([next(context), visit.work])
      const work = workOf(store, id, context)
      await own(store, 'open', context, () => enter(visit, work))
    },

    async close(context, next) {
      const ended = end(store, context)
      await Promise.all([ended, next(context)])
    },
  }
}

type Records = Required<
  Pick<SessionHandler, 'read' | 'write' | 'destroy' | 'updateTimestamp' | 'validateId'>
>

function records(store: Store): Records {
  return {
    async read(id, context, next) {
      const work = workOf(store, id, context)
      const read = () => own(store, 'read', context, () => readSession(work))
      const payload = await inTurn(work, undefined, read)
      return payload ?? (isBase(next) ? undefined : next(id, context))
    },

    async write(id, payload, context, next) {
      const work = workOf(store, id, context)
      assertUsable(work)
      const write = () => own(store, 'write', context, () => writeSession(work, payload))
      return inTurn(work, next(id, payload, context), (below) => below && write())
    },

    async destroy(id, context, next) {
      const work = workOf(store, id, context)
      const destroy = () => own(store, 'destroy', context, () => destroySession(work))
      return inTurn(work, next(id, context), async (below) => (await destroy()) || below)
    },

    async updateTimestamp(id, payload, context, next) {
      const work = workOf(store, id, context)
      const touch = () => own(store, 'updateTimestamp', context, () => touchSession(work))
      return inTurn(work, next(id, payload, context), (below) => below && touch())
    },

    async validateId(id, context, next) {
      const work = workOf(store, id, context)
      const known = () => own(store, 'validateId', context, () => isKnown(work))
      return (await inTurn(work, undefined, known)) || (!isBase(next) && next(id, context))
    },
  }
}

type Administration = Required<Pick<SessionHandler, 'gc' | 'list' | 'count'>>

function administration(store: Store): Administration {
  const { files, folderOf } = store
  return {
    async gc(maxLifetime, context, next) {
      const below = await next(maxLifetime, context)
      const { signal } = context // maybe a getter, which a copy would lose
      const limited = { ...context, maxLifetime, signal }
      const sweep = { files, folder: folderOf(context), context: limited }
      return below + (await own(store, 'gc', context, () => collect(sweep)))
    },

    async *list(context) {
      const folder = folderOf(context)
      try {
        yield* listSessions(folder, context)
      } catch (error) {
        throw fileError('list', folder.directory, error)
      }
    },

    count(context) {
      return own(store, 'count', context, () => countSessions(folderOf(context), context))
    },
  }
}
