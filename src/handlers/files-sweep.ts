/**
 * What the files handler does with all sessions of its folder: collect, list, count.
 *
 * @module
 */
import { lstatSync } from 'node:fs'
import { NEVER } from '../context.js'
import { LockTimeoutError, StoreError } from '../errors.js'
import { publish } from '../events.js'
import type { SessionContext, SessionInfo } from '../handler.js'
import { isValidId } from '../id/validate.js'
import { errorCode } from '../lib/fs-error.js'
import { JOURNAL_SUFFIX, type SaveFolder } from '../lib/save-path.js'
import { removeIfThere } from '../lib/session-write.js'
import { walk, type Found } from '../lib/session-walk.js'
import { isExpired, type Grip, type SessionFiles } from '../stores/session-files.js'
import { removeGrip } from './files-visit.js'

/** What a sweep works with. */
export interface Sweep {
  readonly files: SessionFiles
  readonly folder: SaveFolder
  readonly context: SessionContext
}

/** Removed at the same time; each waits for the answer of the lock helper. */
const BATCH = 32
/** Locked by who collects. No name of a session begins like this. */
const LEADER = 'sessionz-gc.lock'
/** A file that is locked for longer is in use. */
const PATIENCE_MS = 100

/**
 * Removes what was not used for `context.maxLifetime`, under its lock: what is in use stays.
 *
 * PHP differs: it removes sessions that are in use, so that their changes are lost.
 *
 * It ends after those in hand when the context's signal is aborted.
 *
 * @returns How many sessions were removed.
 */
export async function collect(sweep: Sweep): Promise<number> {
  const lockWaitMs = Math.min(PATIENCE_MS, sweep.context.lockWaitMs)
  // An end that is asked for comes between batches: what is in hand is finished.
  const context = { ...sweep.context, lockWaitMs, signal: NEVER }
  const patient = { ...sweep, context }
  return alone(patient, () => collectAll(patient, sweep.context.signal))
}

/**
 * One process of many collects at a time: who finds another one at it leaves it the work. Its file is
 * gone afterwards, or after the next collection where somebody gave up waiting for it just then; where
 * it cannot be made, all collect, as in PHP.
 */
async function alone(
  { files, folder, context }: Sweep,
  work: () => Promise<number>,
): Promise<number> {
  const path = `${folder.directory}/${LEADER}`
  let grip: Grip | undefined
  try {
    grip = await files.take({ folder, path }, context, true)
  } catch (error) {
    if (error instanceof LockTimeoutError) return 0
    if (!isRefused(error)) throw error
  }
  try {
    return await work()
  } finally {
    if (grip !== undefined) giveUp(files, grip)
  }
}

function giveUp(files: SessionFiles, grip: Grip): void {
  try {
    removeIfThere(grip.path)
  } finally {
    files.give(grip)
  }
}

async function collectAll(patient: Sweep, signal: AbortSignal): Promise<number> {
  let removed = 0
  let batch: Promise<number>[] = []
  for await (const found of walk(patient.folder)) {
    const task = taskFor(patient, found)
    if (task !== undefined) batch.push(task)
    if (batch.length < BATCH) continue
    removed += await total(batch)
    batch = []
    if (signal.aborted) break
  }
  return removed + (await total(batch))
}

async function total(counts: readonly Promise<number>[]): Promise<number> {
  const settled = await Promise.allSettled(counts)
  let sum = 0
  for (const result of settled) {
    if (result.status === 'rejected') throw result.reason
    sum += result.value
  }
  publish('sessionz:gc-progress', () => ({ handler: 'files', removed: sum }))
  return sum
}

function taskFor(sweep: Sweep, found: Found): Promise<number> | undefined {
  const expired = isExpired(found.stats.mtimeMs, sweep.context)
  if (found.rest.endsWith(JOURNAL_SUFFIX)) return tidy(sweep, found.path, expired)
  return expired ? collectOne(sweep, found) : undefined
}

async function collectOne(sweep: Sweep, { path, rest }: Found): Promise<number> {
  // Not an id, so nobody's session; PHP counts it as one.
  if (!isValidId(rest)) return removeIfThere(path) ? 1 : 0
  return visit(sweep, path, (grip) => (grip.origin === 'absent' && removeGrip(grip) ? 1 : 0))
}

/** A journal goes with its session, after a crash by finishing the write, and when it is old. */
async function tidy(sweep: Sweep, journal: string, expired: boolean): Promise<number> {
  const path = journal.slice(0, -JOURNAL_SUFFIX.length)
  const session = lstatSync(path, { throwIfNoEntry: false })
  if (session !== undefined) return visit(sweep, path, () => 0)
  // The journal of a long id does not name it, so only its age tells.
  if (expired || isValidId(path.slice(path.lastIndexOf('_') + 1))) removeIfThere(journal)
  return 0
}

/** Takes the file, which repairs it, and does something with it. A file that is in use is left. */
async function visit(
  { files, folder, context }: Sweep,
  path: string,
  body: (grip: Grip) => number,
): Promise<number> {
  try {
    const grip = await files.take({ folder, path }, context, false)
    if (grip === undefined) return 0
    try {
      return body(grip)
    } finally {
      files.give(grip)
    }
  } catch (error) {
    if (error instanceof LockTimeoutError || isRefused(error)) return 0
    throw error
  }
}

/** Files we may not use are none of ours to collect: those of other users, links. */
function isRefused(error: unknown): boolean {
  if (error instanceof StoreError) return error.operation === 'open'
  return ['EACCES', 'EPERM', 'ELOOP'].includes(errorCode(error))
}

/** The live sessions. */
export async function* listSessions(
  folder: SaveFolder,
  context: SessionContext,
): AsyncGenerator<SessionInfo> {
  for await (const { rest, stats } of walk(folder)) {
    if (!isValidId(rest) || isExpired(stats.mtimeMs, context)) continue
    yield { id: rest, touchedMs: Math.floor(stats.mtimeMs), bytes: stats.size }
  }
}

/** How many live sessions there are. */
export async function countSessions(folder: SaveFolder, context: SessionContext): Promise<number> {
  let count = 0
  for await (const _ of listSessions(folder, context)) count += 1
  return count
}
