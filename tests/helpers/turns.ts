/** A layer whose operations take a changing number of turns: each seed is another interleaving. */
import { defineHandler, type SessionHandler } from '../../src/handler.js'

/** Pseudo-random numbers from 0 up to below 1 (mulberry32): the same ones for the same seed. */
export function dice(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Waits for a few turns; now and then for many. */
export async function turns(roll: () => number): Promise<void> {
  const most = roll() < 0.15 ? 40 : 5
  for (let left = Math.floor(roll() * most); left > 0; left -= 1) await Promise.resolve()
}

/** Takes some turns before each operation and after it. */
export function unsteadyLayer(roll: () => number): SessionHandler {
  async function around<T>(work: () => T | Promise<T>): Promise<T> {
    await turns(roll)
    const answer = await work()
    await turns(roll)
    return answer
  }
  return defineHandler({
    name: 'unsteady',
    open: (context, next) => around(() => next(context)),
    close: (context, next) => around(() => next(context)),
    read: (id, context, next) => around(() => next(id, context)),
    write: (id, payload, context, next) => around(() => next(id, payload, context)),
    destroy: (id, context, next) => around(() => next(id, context)),
    updateTimestamp: (id, payload, context, next) => around(() => next(id, payload, context)),
    validateId: (id, context, next) => around(() => next(id, context)),
  })
}
