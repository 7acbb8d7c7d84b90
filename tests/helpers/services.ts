/** Which servers and programs this machine has; what is missing is skipped by name, or fails in CI. */
import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'

const required = process.env['SESSIONZ_REQUIRE_SERVICES'] === '1'

const PROBES = {
  php: ['php', ['-v']],
  'php-cgi': ['php-cgi', ['-v']],
  flock: ['flock', ['--version']],
  perl: ['perl', ['-v']],
  python3: ['python3', ['--version']],
  chromium: ['chromium', ['--version']],
} satisfies Record<string, [string, string[]]>

export type Service = keyof typeof PROBES

/** Whether the program starts here. */
export function has(service: Service): boolean {
  const [command, args] = PROBES[service]
  return spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0
}

/** `describe` where the service is present; a named skip where it is not, a failure where it must be. */
export function describeWith(service: Service, name: string, tests: () => void): void {
  if (has(service)) describe(name, tests)
  else if (required) {
    describe(name, () => {
      it(`needs ${service}`, () => {
        throw new Error(`${service} is missing and SESSIONZ_REQUIRE_SERVICES=1`)
      })
    })
  } else describe.skip(`${name} (skipped: ${service} is not installed)`, tests)
}
