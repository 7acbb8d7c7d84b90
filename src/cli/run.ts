/**
 * One run of the command line: finds the command, reads its options, tells what went wrong.
 *
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { parseArgs } from 'node:util'
import type { Command, Flags, Given, Task } from './command.js'
import { COMMANDS } from './commands.js'
import { commandHelp, generalHelp } from './help.js'
import { printer, type Io, type Printer } from './io.js'
import { openPlace } from './place-open.js'
import { EXIT, isUsage, OutputClosed, reasonOf, signalCode, UsageError } from './problems.js'
import { progress, type Progress } from './progress.js'
import { harmless } from './units.js'

/**
 * Runs a command line, without the names of the program.
 *
 * @returns The exit code: 0 done, 1 a problem was found or met, 2 a command line that cannot be, 130
 *   and 143 where a signal ended the work.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const out = printer(io.stdout)
  const stop = tellWarnings(io)
  try {
    const code = await dispatch(argv, io, out)
    await out.flush()
    return io.signal.aborted ? signalCode(io.signal) : code
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.ok
    await out.flush().catch(() => undefined)
    return tellError(error, io)
  } finally {
    stop()
  }
}

async function dispatch(argv: readonly string[], io: Io, out: Printer): Promise<number> {
  const [name = '--help', ...rest] = argv
  if (['--help', '-h', 'help'].includes(name)) return help(rest[0], out)
  const command = find(name)
  const { values, positionals } = parse(command, rest)
  if (values['help'] === true) return help(name, out)
  const [least, most] = command.counts
  if (positionals.length < least || positionals.length > most) {
    throw new UsageError(`usage: sessionz ${command.name} ${command.words}`.trimEnd())
  }
  return perform(command, { given: values, words: positionals, io, out })
}

async function help(name: string | undefined, out: Printer): Promise<number> {
  await out.line(name === undefined ? generalHelp(COMMANDS) : commandHelp(find(name)))
  return EXIT.ok
}

function find(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name)
  if (command !== undefined) return command
  throw new UsageError(`there is no command "${harmless(name)}"; see sessionz --help`)
}

function parse(command: Command, args: readonly string[]) {
  const parsed = parseArgs({
    args: [...args],
    options: { ...optionsOf(command.flags), help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
    strict: true,
  })
  return { values: parsed.values as Given, positionals: parsed.positionals }
}

function optionsOf(flags: Flags) {
  const entries = Object.entries(flags).map(([name, { value, short }]) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const)
    return [name, short === undefined ? { type } : { type, short }] as const
  })
  return Object.fromEntries(entries)
}

/** Runs a command and closes what it has opened, the last first. */
async function perform(
  command: Command,
  fields: Pick<Task, 'given' | 'words' | 'io' | 'out'>,
): Promise<number> {
  const { given, io } = fields
  const closers: (() => Promise<void>)[] = []
  const bars: Progress[] = []
  const task: Task = {
    ...fields,
    note(text) {
      for (const bar of bars) bar.clear()
      io.stderr.write(`${harmless(text)}\n`)
    },
    async progress(label, total) {
      const bar = await progress(io, label, total)
      bars.push(bar)
      return bar
    },
    async place() {
      const place = await openPlace(given, io, { create: false })
      closers.unshift(place.close)
      return place
    },
    atEnd: (close) => void closers.unshift(close),
  }
  try {
    return await command.run(task)
  } finally {
    for (const bar of bars) bar.end()
    for (const close of closers) await close()
  }
}

function tellError(error: unknown, { stderr }: Io): number {
  const isWrong = isUsage(error)
  stderr.write(`sessionz: ${harmless(reasonOf(error))}\n`)
  return isWrong ? EXIT.usage : EXIT.problem
}

function tellWarnings({ stderr }: Io): () => void {
  const tell = (message: unknown) => {
    stderr.write(`warning: ${harmless((message as { message: string }).message)}\n`)
  }
  subscribe('sessionz:warning', tell)
  return () => void unsubscribe('sessionz:warning', tell)
}
