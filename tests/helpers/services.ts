/** Which servers and programs this machine has; what is missing is skipped by name, or fails in CI. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { describe, it } from 'vitest'

const required = process.env['SESSIONZ_REQUIRE_SERVICES'] === '1'

const PROBES = {
  php: ['php', ['-v']],
  'php-cgi': ['php-cgi', ['-v']],
  flock: ['flock', ['--version']],
  perl: ['perl', ['-v']],
  python3: ['python3', ['--version']],
  script: ['script', ['--version']],
  chromium: ['chromium', ['--version']],
  'redis-server': ['redis-server', ['--version']],
  memcached: ['memcached', ['-V']],
  postgres: [postgresProgram('postgres'), ['--version']],
  mariadbd: ['mariadbd', ['--version']],
  'php-redis': ['php', ['--re', 'redis']],
  'php-memcached': ['php', ['--re', 'memcached']],
  'php-pdo_mysql': ['php', ['--re', 'pdo_mysql']],
  'php-pdo_pgsql': ['php', ['--re', 'pdo_pgsql']],
  'php-pdo_sqlite': ['php', ['--re', 'pdo_sqlite']],
} satisfies Record<string, [string, string[]]>

export type Service = keyof typeof PROBES

/** Debian keeps PostgreSQL's programs out of the PATH, in a folder for each version. */
export function postgresProgram(name: string): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(a) - Number(b)) : []
  const newest = versions.at(-1)
  return newest === undefined ? name : `${root}/${newest}/bin/${name}`
}

/** Whether the program starts here, or PHP has the extension. */
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
