/** A hundred thousand broken payloads in a process with little memory: refused or read, never worse. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { MutationReport } from '../helpers/children/php-mutations.js'
import { bundled } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'
import { samples } from '../helpers/php-samples.js'
import { payloads } from '../properties/php-examples.js'

const INPUTS = 100_000
const SEED = 20_260_822
const NODE = ['--max-old-space-size=256', '--disallow-code-generation-from-strings']

/** Runs Node with an address space of 4 GB where the system can limit it and Node starts then. */
function runNode(args: readonly string[]): {
  status: number | null
  stdout: string
  stderr: string
} {
  const limited = ['-c', 'ulimit -v 4000000 && exec "$0" "$@"', process.execPath, ...NODE]
  const canLimit = spawnSync('sh', [...limited, '-e', '0']).status === 0
  const options = { encoding: 'utf8', timeout: 240_000 } as const
  if (canLimit) return spawnSync('sh', [...limited, ...args], options)
  return spawnSync(process.execPath, [...NODE, ...args], options)
}

it(
  '100,000 mutated payloads are read as data or refused, in 256 MB and at once',
  { timeout: 300_000 },
  async () => {
    const file = join(temporaryFolder(), 'samples')
    const seeds = [...samples, ...payloads.values, ...Object.values(payloads.sessions).flat()]
    writeFileSync(file, seeds.map((bytes) => bytes.toString('base64')).join('\n'))
    const script = await bundled('tests/helpers/children/php-mutations.ts')

    const { status, stdout, stderr } = runNode([script, file, String(SEED), String(INPUTS)])

    expect({ status, stderr, seed: SEED }).toEqual({ status: 0, stderr: '', seed: SEED })
    const report = JSON.parse(stdout) as MutationReport
    expect(report.faults).toEqual([])
    expect(report.inputs).toBe(INPUTS)
    expect(report.accepted).toBeGreaterThan(INPUTS / 4)
  },
)
