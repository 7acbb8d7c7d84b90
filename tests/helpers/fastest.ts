/** Milliseconds of the fastest of several runs: what the work costs, not what the machine was busy with. */
export function fastestMs(work: () => unknown, runs = 7): number {
  let best = Infinity
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now()
    work()
    best = Math.min(best, performance.now() - started)
  }
  return best
}
