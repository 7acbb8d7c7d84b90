#!/usr/bin/env node
/**
 * The program `sessionz`.
 *
 * @module
 */
import { run } from './run.js'

const controller = new AbortController()

/** The first signal ends the work after what is in hand, a second one the process. */
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => controller.abort(name))
}

/** Whoever reads the errors may leave, too. */
process.stderr.on('error', () => undefined)

void run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
  signal: controller.signal,
}).then((code) => {
  // Connections of a config that nobody closes would keep the process.
  process.stdout.write('', () => process.exit(code))
})
