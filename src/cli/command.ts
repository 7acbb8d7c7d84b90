/**
 * What a command is, and what it is given.
 *
 * @module
 */
import type { Io, Printer } from './io.js'
import type { Place } from './place.js'
import type { Progress, Total } from './progress.js'

/** One `--option`: a flag, or with a value that `value` names. */
export interface Flag {
  /** What the value is called in the help; a flag has none. */
  readonly value?: string
  readonly short?: string
  readonly text: string
}

export type Flags = Readonly<Record<string, Flag>>

/** What was given on the command line. */
export type Given = Readonly<Record<string, string | boolean | undefined>>

/** One run of a command. */
export interface Task {
  readonly given: Given
  /** What stands without a `--name`, in its order. */
  readonly words: readonly string[]
  readonly io: Io
  readonly out: Printer
  /** Tells something beside the output. */
  note(text: string): void
  /** A bar for long work, where a terminal shows it. */
  progress(label: string, total?: Total): Promise<Progress>
  /** Opens where the sessions are; the end of the run closes it. */
  place(): Promise<Place>
  /** Closes what the command itself has opened, at the end of the run. */
  atEnd(close: () => Promise<void>): void
}

export interface Command {
  readonly name: string
  /** In one line, for the list of commands. */
  readonly summary: string
  /** The words after the name: `<id> [key]`. */
  readonly words: string
  /** How many words there may be. */
  readonly counts: readonly [least: number, most: number]
  /** Further lines of help. */
  readonly details?: readonly string[]
  readonly flags: Flags
  /** @returns The exit code. */
  run(task: Task): Promise<number>
}

/** Checks nothing; gives a command its type where it is written. */
export function command(definition: Command): Command {
  return definition
}
