/**
 * Many sessions in bounded memory, and a bar that moves: 1,000,000 under SESSIONZ_LONG=1, else so many
 * that a list of them would not fit.
 */
import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cliProgram } from '../helpers/cli.js'
import { temporaryFolder } from '../helpers/folders.js'
import { has } from '../helpers/services.js'
import { SQLITE_DRIVERS } from '../helpers/sqlite-clients.js'

const LONG = process.env['SESSIONZ_LONG'] === '1'
const COUNT = LONG ? 1_000_000 : 20_000
const LIMIT_MB = 200
const MINUTES = 60_000

/** A folder from which `better-sqlite3` is found. */
const PROJECT = fileURLToPath(new URL('.', import.meta.url))

const hasAll = has('script') && Object.values(SQLITE_DRIVERS).some((driver) => driver !== undefined)

const program = cliProgram()
const number = (value: number) => value.toLocaleString('en')

/** Tells at the end of a process how much memory it had. */
const preloadText = (peak: string) => `
  import { readFileSync, writeFileSync } from 'node:fs'
  process.on('exit', () => writeFileSync(${JSON.stringify(peak)}, readFileSync('/proc/self/status')))`

/** Runs a command in a terminal, and measures the most memory that it ever had. */
async function measured(folder: string, argv: string[], output?: string) {
  const started = performance.now()
  const peak = join(folder, 'peak')
  const preload = join(folder, 'preload.mjs')
  writeFileSync(preload, preloadText(peak))
  const line = [...argv, '--sqlite', join(folder, 'sessions.db')]
  const { code, out } = await program.inTerminal(line, PROJECT, { preload, output })
  const kilobytes = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(peak, 'latin1'))?.[1])
  const shares = [...out.matchAll(/\[[#.]{24}\] +(\d+) %/g)].map(([, share]) => Number(share))
  const text = out.replace(/[^\n]*\r\x1b\[K/g, '').trimEnd()
  const seconds = (performance.now() - started) / 1000
  const megabytes = kilobytes / 1024
  if (LONG) {
    const told = `${argv.join(' ')}: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB, bar at ${new Set(shares).size} places`
    process.stdout.write(`${told}\n`)
  }
  return { code, text, shares, megabytes, places: new Set(shares).size }
}

describe.skipIf(!hasAll)(
  `${number(COUNT)} sessions (skipped without script and a driver of SQLite)`,
  () => {
    it(
      'are made, counted, listed, drawn and collected in 200 MB, and the bar moves',
      { timeout: LONG ? 60 * MINUTES : 3 * MINUTES },
      async () => {
        const folder = temporaryFolder()
        const output = join(folder, 'list')
        const half = COUNT / 2
        const moves = LONG ? 3 : 0 // short work may be over before the bar is drawn again
        const list = ['list', '--limit', '0', '--expired']
        const steps: [argv: string[], text: string | RegExp, least: number, output?: string][] = [
          [['generate', `${half}`], `${number(half)} sessions made`, 3],
          [['generate', `${half}`, '--expires=-60'], `${number(half)} sessions made`, 3],
          [['count'], `${half}`, 0],
          [['count', '--expired'], `${half}`, 0],
          [['stats', '--expired'], new RegExp(`^${number(COUNT)} sessions, `), moves],
          [list, /^$/, moves, output],
          [[...list, '--sort', 'age'], /^$/, moves, output],
          [['check', '--limit', '5000'], '5,000 sessions read, 0 unreadable', moves && 1],
          [['gc'], `${number(half)} sessions removed`, moves],
          [['count', '--expired'], '0', 0],
        ]
        for (const [argv, text, least, file] of steps) {
          const said = await measured(folder, argv, file)
          expect(said.text).toMatch(text)
          expect(said.code).toBe(0)
          expect(said.places).toBeGreaterThanOrEqual(least)
          expect(said.shares).toEqual(said.shares.toSorted((a, b) => a - b))
          expect(said.megabytes).toBeLessThanOrEqual(LIMIT_MB)
          if (file !== undefined) expect(await linesIn(file)).toBe(COUNT + 1)
        }
      },
    )
  },
)

async function linesIn(file: string): Promise<number> {
  let lines = 0
  for await (const _ of createInterface(createReadStream(file))) lines += 1
  return lines
}
