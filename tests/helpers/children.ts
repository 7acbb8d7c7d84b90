/** Child processes of this repository's own source, spoken to line by line. */
import { spawn, type ChildProcessWithoutNullStreams, type SpawnOptions } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, onTestFinished } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const scripts = new Map<string, Promise<string>>()
let folder: string | undefined

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/**
 * Path of one `.mjs` with everything a TypeScript file imports inside; made once for each test file.
 *
 * @param entry Path from the root of the repository.
 */
export function bundled(entry: string): Promise<string> {
  const known = scripts.get(entry)
  if (known !== undefined) return known
  folder ??= scriptFolder()
  const outfile = join(folder, `${scripts.size}.mjs`)
  const script = bundle(join(ROOT, entry), outfile)
  scripts.set(entry, script)
  return script
}

async function bundle(entry: string, outfile: string): Promise<string> {
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'node20' } as const
  await build({ ...options, entryPoints: [entry], outfile, logLevel: 'silent' })
  return outfile
}

function scriptFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sessionz-scripts-'))
  chmodSync(made, 0o755)
  return made
}

/** A child that answers in lines. */
export interface Talker {
  readonly pid: number
  readonly child: ChildProcessWithoutNullStreams
  /** The next line it says; an error when it ends before. */
  line(): Promise<string>
  say(line: string): void
  kill(): void
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
}

/** Starts a program; it is killed when the test is over. */
export function talkTo(file: string, args: readonly string[], options: SpawnOptions = {}): Talker {
  const child = spawn(file, args, { ...options, stdio: 'pipe' })
  const lines = lineReader(child)
  const kill = () => void child.kill('SIGKILL')
  onTestFinished(kill)
  child.stdin.on('error', () => undefined)
  return {
    pid: child.pid ?? 0,
    child,
    line: lines.next,
    say: (line) => void child.stdin.write(`${line}\n`),
    kill,
    ended: new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal))),
  }
}

function lineReader(child: ChildProcessWithoutNullStreams) {
  const lines: string[] = []
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  let rest = ''
  let errors = ''
  let over = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      const first = waiting.shift()
      if (first === undefined) lines.push(line)
      else first.resolve(line)
    }
  })
  const fail = () => new Error(`the child ended: ${rest}${errors}`)
  child.on('close', () => {
    over = true
    for (const { reject } of waiting) reject(fail())
  })
  return {
    next: () =>
      new Promise<string>((resolve, reject) => {
        const line = lines.shift()
        if (line !== undefined) resolve(line)
        else if (over) reject(fail())
        else waiting.push({ resolve, reject })
      }),
  }
}

/** Starts a script of this repository under this Node. */
export async function talkToNode(
  entry: string,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<Talker> {
  return talkTo(process.execPath, [await bundled(entry), ...args], options)
}

/** Starts a PHP script that has the session of `id` in `savePath` at hand. */
export function talkToPhp(savePath: string, id: string, code: string): Talker {
  const settings = {
    save_path: savePath,
    use_cookies: '0',
    use_only_cookies: '0',
    cache_limiter: '',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [
    '-d',
    `session.${name}=${value}`,
  ])
  return talkTo('php', ['-n', ...flags, '-r', `session_id(${JSON.stringify(id)});\n${code}`])
}
