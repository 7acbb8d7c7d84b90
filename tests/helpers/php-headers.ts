/** Response headers that the real PHP sends for a script. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWith } from './services.js'

/** Tests that need `php-cgi`. */
export const describePhpHeaders = (name: string, tests: () => void) =>
  describeWith('php-cgi', name, tests)

/** Runs a script under `php-cgi` with compiled-in settings; lines as sent, in order. */
export function phpHeaders(
  script: string,
  { cookie = '', ini = {} }: { cookie?: string; ini?: Readonly<Record<string, string>> } = {},
): { lines: string[]; body: string; startedMs: number } {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-php-'))
  const file = join(folder, 'page.php')
  writeFileSync(file, `<?php ${script}`)
  const settings = { 'session.save_path': folder, ...ini }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-d', `${key}=${value}`])
  const startedMs = Math.floor(Date.now() / 1000) * 1000
  const { stdout } = spawnSync('php-cgi', ['-n', ...flags], {
    env: {
      SCRIPT_FILENAME: file,
      REDIRECT_STATUS: '200',
      REQUEST_METHOD: 'GET',
      GATEWAY_INTERFACE: 'CGI/1.1',
      HTTP_COOKIE: cookie,
    },
    encoding: 'latin1',
    timeout: 20_000,
  })
  rmSync(folder, { recursive: true })
  const [head = '', ...rest] = stdout.split('\r\n\r\n')
  return { lines: head.split('\r\n'), body: rest.join('\r\n\r\n'), startedMs }
}
