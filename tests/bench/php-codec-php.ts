/** Real PHP as lanes beside those of JavaScript: one process that loops by itself. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Lane } from './php-codec-lanes.js'

const SCRIPT = fileURLToPath(new URL('php-codec.php', import.meta.url))

/** A value, and its bytes as PHP writes them. */
export interface Task {
  readonly value: unknown
  readonly bytes: Uint8Array
}

export interface PhpTimer {
  /** @param index Of the task. */
  lane(operation: 'write' | 'read', index: number): Lane
  close(): void
}

/**
 * Starts PHP, without its ini files.
 *
 * @param folder Where the tasks are written to.
 */
export function startPhp(folder: string, tasks: readonly Task[]): PhpTimer {
  for (const [index, { value, bytes }] of tasks.entries()) {
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(value))
    writeFileSync(join(folder, `${index}.php`), bytes)
  }
  const child = spawn('php', ['-n', SCRIPT, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    lane: (operation, index) => ({
      name: 'PHP',
      async time(milliseconds) {
        child.stdin.write(`${operation} ${index} ${milliseconds}\n`)
        const answer = await answers.next()
        if (answer.done === true) throw new Error(`PHP has another ${operation} of value ${index}`)
        return Number(answer.value)
      },
    }),
    close: () => child.stdin.end(),
  }
}
