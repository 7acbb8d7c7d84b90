/** The command line, within this process and as a program of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import type { Terminal } from '../../src/cli/io.js'
import { run } from '../../src/cli/run.js'
import { bundle } from './bundle.js'

/** What a run said. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** How a run differs from the usual one: in no folder, without a terminal, never interrupted. */
export interface CliSetup {
  readonly cwd?: string
  readonly stdin?: string | Uint8Array
  readonly signal?: AbortSignal
  readonly now?: () => number
  readonly env?: Record<string, string>
  /** Whether the standard error is a terminal. */
  readonly terminal?: boolean
  /** Whether the output is given as Latin-1, a character for each byte. */
  readonly binary?: boolean
  /** After so many bytes nobody reads the output any more. */
  readonly leavesAfter?: number
}

/** Keeps what is written; bytes as Latin-1, so that they can be compared. */
class Captured extends Writable {
  readonly isTTY: boolean
  readonly columns = 100
  readonly pieces: Buffer[] = []

  readonly limit: number
  size = 0

  constructor(isTTY: boolean, limit = Infinity) {
    super({ decodeStrings: true })
    this.isTTY = isTTY
    this.limit = limit
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.size += piece.length
    if (this.size > this.limit) return done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))
    this.pieces.push(piece)
    done()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }
}

/** Runs a command line here. */
export async function cli(argv: readonly string[], setup: CliSetup = {}): Promise<Said> {
  const { cwd = tmpdir(), stdin = '', env = {}, now = Date.now, terminal = false } = setup
  const stdout: Terminal & Captured = new Captured(false, setup.leavesAfter)
  const stderr: Terminal & Captured = new Captured(terminal)
  const { signal = new AbortController().signal } = setup
  const input = Readable.from([Buffer.from(stdin as string)])
  const code = await run(argv, { stdin: input, stdout, stderr, env, cwd, now, signal })
  return {
    code,
    out: stdout.bytes.toString(setup.binary === true ? 'latin1' : 'utf8'),
    err: stderr.bytes.toString('utf8'),
  }
}

/** A program of its own: started, written to, waited for. */
export interface Program {
  readonly path: string
  /** Runs it to its end. */
  run(argv: readonly string[], options?: { cwd?: string; stdin?: string }): Promise<Said>
  /** Starts it and lets the test do the rest. */
  start(argv: readonly string[], cwd?: string): ChildProcess
  /** Runs it in a pseudo-terminal, where both outputs come together. */
  inTerminal(
    argv: readonly string[],
    cwd?: string,
    options?: { preload?: string; output?: string | undefined },
  ): Promise<Omit<Said, 'err'>>
}

const SOURCE = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url))

/** Makes the program of the source, for all tests of a file. Call it where they are described. */
export function cliProgram(): Program {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-cli-'))
  const path = join(folder, 'sessionz.mjs')
  // The first line of the source is for the system; as part of another module it is none.
  beforeAll(() =>
    bundle(
      readFileSync(SOURCE, 'utf8').replace(/^#!.*/, '').replaceAll("'./", "'./src/cli/"),
      path,
    ),
  )
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const start = (argv: readonly string[], cwd = folder) =>
    spawn(process.execPath, [path, ...argv], { cwd, stdio: 'pipe' })

  return {
    path,
    start,
    async run(argv, { cwd, stdin = '' } = {}) {
      const child = start(argv, cwd)
      child.stdin?.end(stdin)
      return ended(child)
    },
    async inTerminal(argv, cwd = folder, { preload, output } = {}) {
      const node = [process.execPath, ...(preload === undefined ? [] : ['--import', preload])]
      const words = [...node, path, ...argv].map((word) => `'${word}'`).join(' ')
      const line = output === undefined ? words : `${words} > '${output}'`
      const args = ['-qec', `stty cols 100; ${line}`, '/dev/null']
      const child = spawn('script', args, { cwd, stdio: 'pipe' })
      child.stdin.end()
      const { code, out } = await ended(child)
      return { code, out: out.replaceAll('\r\n', '\n') }
    },
  }
}

/** Waits for the end of a program. */
export async function ended(child: ChildProcess): Promise<Said> {
  const [out, err] = [collect(child.stdout), collect(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, out: out(), err: err() }
}

function collect(stream: Readable | null): () => string {
  const pieces: Buffer[] = []
  stream?.on('data', (piece: Buffer) => pieces.push(piece))
  return () => Buffer.concat(pieces).toString('utf8')
}
