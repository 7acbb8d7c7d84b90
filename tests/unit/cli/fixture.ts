/** Folders of sessions that the command line is tried on. */
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../helpers/folders.js'

export const NOW_MS = Date.parse('2026-11-22T12:00:00Z')

/** One session file. */
export interface Stored {
  readonly id: string
  readonly content?: string | Uint8Array
  /** Seconds since its last use. */
  readonly age?: number
}

/** A folder with session files, at a time that stands still. */
export function folderOf(...stored: readonly Stored[]) {
  const folder = temporaryFolder()
  for (const { id, content = 'n|i:1;', age = 60 } of stored) {
    const path = join(folder, `sess_${id}`)
    writeFileSync(path, content, { mode: 0o600 })
    const seconds = NOW_MS / 1000 - age
    utimesSync(path, seconds, seconds)
  }
  const place = ['--save-path', folder]
  return { folder, place, now: () => NOW_MS }
}
