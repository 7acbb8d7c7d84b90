/** `sessionz stats` */
import { command } from '../command.js'
import { isGiven, JSON_FLAG, PLACE_FLAGS } from '../flags.js'
import { barsText, bucketOf, emptyBuckets, SPANS, STEPS } from '../histogram.js'
import { EXIT } from '../problems.js'
import { breather, expectedOf, listOf } from '../sessions.js'
import { bytes, sessions } from '../units.js'

export const stats = command({
  name: 'stats',
  summary: 'Tells how large and how old the sessions are',
  words: '',
  counts: [0, 0],
  flags: {
    expired: { text: 'with those that are over and not collected yet' },
    ...JSON_FLAG,
    ...PLACE_FLAGS,
  },
  async run({ given, io, out, place, progress }) {
    const where = await place()
    const expiredToo = isGiven(given, 'expired')
    const bar = await progress('stats', () => expectedOf(where, expiredToo))
    const found = empty()
    const breath = breather()
    const nowMs = where.now()
    for await (const info of listOf(where, expiredToo)) {
      await breath()
      if (io.signal.aborted) break
      add(found, info.bytes, Math.max(0, nowMs - info.touchedMs) / 1000)
      bar.step()
    }
    bar.end()
    await out.line(isGiven(given, 'json') ? json(found) : text(found, io.stdout.columns))
    return EXIT.ok
  },
})

interface Found {
  count: number
  bytes: number
  largest: number
  readonly sizes: number[]
  readonly ages: number[]
}

function empty(): Found {
  return { count: 0, bytes: 0, largest: 0, sizes: emptyBuckets(STEPS), ages: emptyBuckets(SPANS) }
}

function add(found: Found, size: number, age: number): void {
  const { sizes, ages } = found
  found.count += 1
  found.bytes += size
  found.largest = Math.max(found.largest, size)
  const bySize = bucketOf(STEPS, size)
  const byAge = bucketOf(SPANS, age)
  sizes[bySize] = (sizes[bySize] ?? 0) + 1
  ages[byAge] = (ages[byAge] ?? 0) + 1
}

function mean({ count, bytes: total }: Found): number {
  return count === 0 ? 0 : Math.round(total / count)
}

function json(found: Found): string {
  const { count, bytes: total, largest, sizes, ages } = found
  const below = (steps: readonly { below: number }[], counts: readonly number[]) =>
    counts.map((value, index) => ({ below: steps[index]?.below ?? null, count: value }))
  return JSON.stringify({
    count,
    bytes: total,
    mean: mean(found),
    largest,
    sizes: below(STEPS, sizes),
    ages: below(SPANS, ages),
  })
}

function text(found: Found, columns = 80): string {
  const { count, bytes: total, largest, sizes, ages } = found
  const head = `${sessions(count)}, ${bytes(total)}; on average ${bytes(mean(found))}, the largest ${bytes(largest)}`
  const width = Math.min(columns, 100)
  return [head, '', 'size', ...barsText(STEPS, sizes, width), '', 'age (time since the last use)', ...barsText(SPANS, ages, width)].join('\n') // prettier-ignore
}
