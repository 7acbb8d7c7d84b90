/**
 * What the files handler does with one session between `open` and `close`.
 *
 * @module
 */
import { closeSync, fstatSync } from 'node:fs'
import { InvalidIdError, LockLostError, StoreError } from '../errors.js'
import type { Payload, SessionContext } from '../handler.js'
import { journalPath } from '../lib/save-path.js'
import { isStillNamed, openExisting, readAll, refusalOf } from '../lib/session-file.js'
import { removeIfThere, replaceContent, touch } from '../lib/session-write.js'
import {
  assertFolder,
  isExpired,
  type Grip,
  type Place,
  type SessionFiles,
} from '../stores/session-files.js'

/** One activation that was opened. */
export interface Visit {
  readonly id: string
  /** The locked file; `undefined` where nothing is locked. */
  grip: Grip | undefined
  /** What was read under a lock that was given back at once. */
  payload: Payload | undefined
  /** Work under way with the file: nobody may close it before. */
  work: Promise<unknown>
  closed: boolean
}

/** What every operation needs. */
export interface Work {
  readonly files: SessionFiles
  readonly durable: boolean
  readonly context: SessionContext
  /** `undefined` for what cannot be the id of a file. */
  readonly place: Place | undefined
  /** The activation, where it is of this id. */
  readonly visit: Visit | undefined
}

/** Takes the lock the mode asks for, or reads under it and gives it back. */
export async function enter(visit: Visit, { files, context, place }: Work): Promise<void> {
  if (place === undefined || context.isNew || visit.closed) return
  const create = !context.strict && context.lock === 'exclusive'
  const grip = await files.take(place, context, create)
  if (grip === undefined) return
  if (context.lock === 'exclusive' && !visit.closed) {
    visit.grip = grip
    return
  }
  try {
    visit.payload = await contentOf(grip)
  } finally {
    files.give(grip)
  }
}

/** Gives back what the activation holds, once nothing works with it any more. */
export async function leave(visit: Visit, files: SessionFiles): Promise<void> {
  visit.closed = true
  await visit.work
  const { grip } = visit
  visit.grip = undefined
  if (grip !== undefined) files.give(grip)
}

/**
 * Runs an operation once the layers below have answered, one after the other within an activation;
 * nobody closes its file meanwhile.
 */
export async function inTurn<B, T>(
  { visit }: Work,
  below: B | Promise<B>,
  body: (below: B) => T | Promise<T>,
): Promise<T> {
  if (visit === undefined) return body(await below)
  const turn = Promise.all([below, visit.work]).then(([answer]) => body(answer))
  visit.work = turn.catch(() => undefined)
  return turn
}

/** Works with the file under its lock: the activation's own, or one for this operation. */
async function withFile<T>(
  { files, context, place, visit }: Work,
  create: boolean,
  body: (grip: Grip) => T | Promise<T>,
): Promise<T | undefined> {
  if (visit?.grip !== undefined) return body(visit.grip)
  if (place === undefined) return undefined
  const grip = await files.take(place, context, create)
  if (grip === undefined) return undefined
  const kept = create && context.lock === 'exclusive' && visit?.closed === false
  if (kept) visit.grip = grip
  try {
    return await body(grip)
  } finally {
    if (!kept) files.give(grip)
  }
}

/** The payload; what an opened activation did not find is not looked for again. */
export async function readSession(work: Work): Promise<Payload | undefined> {
  const { visit } = work
  if (visit !== undefined && visit.grip === undefined) return visit.payload
  return withFile(work, false, contentOf)
}

async function contentOf(grip: Grip): Promise<Payload | undefined> {
  if (grip.lock.lost) throw new LockLostError('files', 'lock lost before the read')
  const { nlink, size } = fstatSync(grip.fd)
  if (grip.origin === 'absent' || nlink === 0) return undefined
  grip.bytes = await readAll(grip.fd, size)
  return grip.bytes
}

/** @throws {InvalidIdError} For what cannot be the id of a file here. */
export function assertUsable({ place }: Work): void {
  if (place !== undefined) return
  throw new InvalidIdError('files: not an id that a file of this save path can have')
}

/** @returns `false` for what was to be updated and is gone, or to be made and is there. */
export async function writeSession(work: Work, payload: Payload): Promise<boolean> {
  const written = await withFile(work, work.context.isNew, (grip) => store(grip, payload, work))
  return written === true
}

async function store(grip: Grip, payload: Payload, { context, durable }: Work): Promise<boolean> {
  if (grip.lock.lost) throw new LockLostError('files')
  if (!mayWrite(grip, context)) return false
  try {
    if (!(await replaceContent(grip, payload, { nowMs: context.now(), durable }))) return false
  } catch (error) {
    // A file made for this write, and nothing in it: it goes again.
    if (grip.origin === 'absent' && fstatSync(grip.fd).size === 0) removeIfThere(grip.path)
    throw error
  }
  grip.origin = 'stored'
  return true
}

function mayWrite({ origin }: Grip, { isNew, strict }: SessionContext): boolean {
  if (origin === 'found') return !isNew
  return origin === 'stored' || isNew || !strict
}

/** @returns Whether there was a session. */
export async function destroySession(work: Work): Promise<boolean> {
  const session = await withFile(work, false, (grip) => {
    return removeGrip(grip) && grip.origin !== 'absent'
  })
  return session === true
}

/** Removes a file under its lock, then what lies beside it. @returns Whether it was still there. */
export function removeGrip(grip: Grip): boolean {
  if (grip.lock.lost) throw new LockLostError('files', 'lock lost before the removal')
  if (!isStillNamed(grip.fd, grip.path)) return false
  const removed = removeIfThere(grip.path)
  removeIfThere(journalPath(grip.path))
  return removed
}

/** Sets the time of use. Without a lock of its own: it neither reads nor changes the content. */
export function touchSession({ visit, context, place }: Work): boolean {
  const grip = visit?.grip
  if (grip !== undefined) return grip.origin !== 'absent' && touchLinked(grip.fd, context)
  if (place === undefined) return false
  const fd = openExisting(place.path)
  if (fd === undefined) return assertFolder(place.folder)
  try {
    const stats = fstatSync(fd)
    const reason = refusalOf(stats, place.folder.mode)
    if (reason !== undefined) throw new StoreError('files', 'updateTimestamp', reason)
    return !isExpired(stats.mtimeMs, context) && touchLinked(fd, context)
  } finally {
    closeSync(fd)
  }
}

function touchLinked(fd: number, context: SessionContext): boolean {
  if (fstatSync(fd).nlink === 0) return false
  touch(fd, context.now())
  return true
}
