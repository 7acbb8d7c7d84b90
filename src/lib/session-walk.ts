/**
 * The files in a save folder, without holding up the event loop: names are read in batches, in
 * another thread.
 *
 * @module
 */
import { lstatSync, type Stats } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { FILE_PREFIX, type SaveFolder } from './save-path.js'

const BATCH = 256

/** A regular file whose name starts as session files' names do. */
export interface Found {
  readonly path: string
  /** The name without `sess_`: an id, or not. */
  readonly rest: string
  readonly stats: Stats
}

/**
 * All such files of a folder, at the depth where sessions lie.
 *
 * PHP differs: it collects nothing below depth 0, follows symbolic links, and counts folders.
 */
export async function* walk({ directory, depth }: Omit<SaveFolder, 'mode'>): AsyncGenerator<Found> {
  for await (const { name } of await opendir(directory, { bufferSize: BATCH })) {
    const path = `${directory}/${name}`
    if (depth > 0) {
      if (isLevel(name, path)) yield* walk({ directory: path, depth: depth - 1 })
    } else if (name.startsWith(FILE_PREFIX)) {
      const stats = lstatSync(path, { throwIfNoEntry: false })
      if (stats?.isFile() === true) yield { path, rest: name.slice(FILE_PREFIX.length), stats }
    }
  }
}

/** A folder for one character of an id. */
function isLevel(name: string, path: string): boolean {
  if (!/^[A-Za-z0-9,-]$/.test(name)) return false
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
