/** Processes that tests started, and the moments they wait for. */
import { readdirSync, readFileSync } from 'node:fs'

/** Ids of the children of a process, of all its threads. Linux only. */
export function childrenOf(pid = process.pid): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1'))
    .flatMap((text) => text.split(' ').filter((word) => word !== ''))
    .map(Number)
}

/** Waits until something is so, looking every other millisecond; fails after a while. */
export async function until(
  condition: () => boolean,
  what: string,
  limitMs = 10_000,
): Promise<void> {
  const started = performance.now()
  while (!condition()) {
    if (performance.now() - started > limitMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
