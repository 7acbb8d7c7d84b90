/**
 * What all operations of one files handler share: the folder, the locks, the open activations.
 *
 * @module
 */
import { lstatSync, statSync } from 'node:fs'
import { publish } from '../events.js'
import type { SessionContext } from '../handler.js'
import { isValidId } from '../id/validate.js'
import { fileError } from '../lib/fs-error.js'
import { parseSavePath, sessionPath, type SaveFolder } from '../lib/save-path.js'
import { assertFolder, isExpired, type SessionFiles } from '../stores/session-files.js'
import { leave, type Visit, type Work } from './files-visit.js'

/** One handler's. */
export interface Store {
  readonly files: SessionFiles
  readonly durable: boolean
  readonly folderOf: (context: SessionContext) => SaveFolder
  readonly visits: WeakMap<SessionContext, Visit>
  /** Folders that were looked at. */
  readonly seen: WeakSet<SaveFolder>
}

/**
 * Where the sessions of a context lie: the handler's save path, or the manager's where the handler
 * has none.
 *
 * @throws {RangeError} For the handler's save path, when it cannot be one.
 */
export function folders(savePath: string | undefined): Store['folderOf'] {
  if (savePath !== undefined) {
    const fixed = parseSavePath(savePath)
    return () => fixed
  }
  let last = { text: '', folder: parseSavePath('') }
  return (context) => {
    const text = context.savePath
    if (text !== last.text) last = { text, folder: parseSavePath(text) }
    return last.folder
  }
}

/** What an operation on a session works with. An id is checked before it becomes part of a path. */
export function workOf(store: Store, id: string | undefined, context: SessionContext): Work {
  const { files, durable } = store
  const folder = store.folderOf(context)
  const path = isValidId(id) ? sessionPath(folder, id) : undefined
  const place = path === undefined ? undefined : { folder, path }
  const visit = store.visits.get(context)
  return { files, durable, context, place, visit: visit?.id === id ? visit : undefined }
}

/** Runs the handler's own part of an operation: a failure of the file system is told without the path. */
export async function own<T>(
  store: Store,
  operation: string,
  context: SessionContext,
  body: () => T | Promise<T>,
): Promise<T> {
  try {
    return await body()
  } catch (error) {
    throw fileError(operation, store.folderOf(context).directory, error)
  }
}

/** Registers an activation before anything is waited for: it can be closed at any moment. */
export function begin(store: Store, id: string, context: SessionContext): Visit {
  const visit: Visit = { id, grip: undefined, payload: undefined, work: DONE, closed: false }
  visit.work = end(store, context)
  store.visits.set(context, visit)
  return visit
}

const DONE = Promise.resolve()

/** Ends the activation of a context, where there is one. */
export async function end({ visits, files }: Store, context: SessionContext): Promise<void> {
  const visit = visits.get(context)
  visits.delete(context)
  if (visit !== undefined) await leave(visit, files)
}

/** Whether there is a live session; what an opened activation knows is not looked for again. */
export function isKnown({ place, visit, context }: Work): boolean {
  if (visit?.grip !== undefined) return visit.grip.origin !== 'absent'
  if (visit !== undefined) return visit.payload !== undefined
  if (place === undefined) return false
  const stats = lstatSync(place.path, { throwIfNoEntry: false })
  if (stats === undefined) return assertFolder(place.folder)
  context.touchedMs = stats.mtimeMs
  return stats.isFile() && !isExpired(stats.mtimeMs, context)
}

/** Ids are secrets, and names of files tell them: says so once where everybody can list them. */
export function warnIfListable({ folderOf, seen }: Store, context: SessionContext): void {
  const folder = folderOf(context)
  if (seen.has(folder)) return
  seen.add(folder)
  if (!isListable(folder)) return
  publish('sessionz:warning', () => ({
    code: 'SAVE_PATH_LISTABLE',
    message: `files: every user of this machine can list the session ids in ${folder.directory}; set its mode to 0700, or 1733`,
  }))
}

function isListable({ directory }: SaveFolder): boolean {
  if (process.geteuid === undefined) return false
  try {
    return (statSync(directory).mode & 0o004) !== 0
  } catch {
    // A folder that cannot be looked at: the operation itself says so.
    return false
  }
}
