import { describe, expect, it } from 'vitest'
import { encodeJournal, parseJournal, repairOf, type Journal } from '../../../src/lib/journal.js'

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const joined = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))

/** Every content a file can have while it is rewritten: the tail, then the head, then the cut. */
function* halfWay({ old, next }: Journal): Generator<Uint8Array> {
  const head = Math.min(old.length, next.length)
  for (let end = old.length; end <= next.length; end += 1) {
    yield joined(old, next.subarray(old.length, end))
  }
  const rest = joined(old.subarray(head), next.subarray(head))
  for (let written = 0; written <= head; written += 1) {
    yield joined(next.subarray(0, written), old.subarray(written, head), rest)
  }
  yield next
}

/** What the file holds once it was repaired. */
function repaired(file: Uint8Array, change: Journal): Uint8Array {
  const what = repairOf(file, change)
  if (what === 'nothing') return file
  expect(change[what].length).toBeLessThanOrEqual(file.length)
  return change[what]
}

/** Contents of a small alphabet, so that old and new are alike by accident. */
function* contents(random: () => number, count: number, longest: number): Generator<Uint8Array> {
  for (let made = 0; made < count; made += 1) {
    yield Uint8Array.from({ length: Math.floor(random() * longest) }, () =>
      Math.floor(random() * 2),
    )
  }
}

function generator(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48271) % 2147483647) / 2147483647
}

describe('repairOf', () => {
  it('makes the old or the new content of every half-way state', () => {
    const random = generator(7)
    let states = 0
    for (const old of contents(random, 60, 40)) {
      for (const next of contents(random, 10, 40)) {
        for (const file of halfWay({ old, next })) {
          states += 1
          const after = Buffer.from(repaired(file, { old, next }))
          if (!after.equals(old) && !after.equals(next)) expect(after).toEqual(next)
        }
      }
    }

    expect(states).toBeGreaterThan(10_000)
  })

  it('leaves the old and the new content as they are', () => {
    const change = { old: bytes('old content'), next: bytes('new') }

    expect(repairOf(change.old, change)).toBe('nothing')
    expect(repairOf(change.next, change)).toBe('nothing')
  })

  it('takes back growth that was not finished', () => {
    expect(repairOf(bytes('oldXY'), { old: bytes('old'), next: bytes('newXYZ') })).toBe('old')
    expect(repairOf(bytes('oldXYZ'), { old: bytes('old'), next: bytes('newXYZ') })).toBe('next')
  })

  it('completes a head that was not finished', () => {
    expect(repairOf(bytes('nxdXYZ'), { old: bytes('old'), next: bytes('newXYZ') })).toBe('nothing')
    expect(repairOf(bytes('nldXYZ'), { old: bytes('old'), next: bytes('newXYZ') })).toBe('next')
    expect(repairOf(bytes('newXYZ'), { old: bytes('oldXYZ'), next: bytes('new') })).toBe('next')
  })

  it('makes the old or the new content of whatever sectors a power cut has left', () => {
    const random = generator(13)
    const kinds = new Set<string>()
    for (let state = 0; state < 5000; state += 1) {
      const old = new Uint8Array(Math.floor(random() * 5000)).fill(1)
      const next = new Uint8Array(Math.floor(random() * 5000)).fill(2)
      const [shorter, longer] = [old.length, next.length].sort((a, b) => a - b) as [number, number]
      const file = new Uint8Array(shorter + Math.floor(random() * (longer - shorter + 1)))
      const from = old.length > next.length ? old : next
      for (let at = 0; at < file.length; at += 512) {
        file.set((random() < 0.5 ? old : next).subarray(at, Math.min(at + 512, shorter)), at)
      }
      const grown = random() < 0.2 && next.length > old.length
      if (!grown) file.set(from.subarray(shorter, file.length), shorter)

      const what = repairOf(file, { old, next })

      kinds.add(what)
      const after = Buffer.from(what === 'nothing' ? file : { old, next }[what])
      if (!after.equals(old) && !after.equals(next)) expect(after).toEqual(next)
    }

    expect([...kinds].sort()).toEqual(['next', 'nothing', 'old'])
  })

  it('touches nothing that somebody else has written since', () => {
    const random = generator(11)
    let foreign = 0
    for (const old of contents(random, 40, 40)) {
      for (const next of contents(random, 40, 40)) {
        const file = joined(bytes('PHP'), old)
        foreign += 1
        expect(repairOf(file, { old, next })).toBe('nothing')
      }
    }

    expect(foreign).toBe(1600)
  })
})

describe('a journal', () => {
  it.each([
    ['empty contents', 0, 0],
    ['small contents', 3, 5],
    ['contents hashed in another thread', 200_000, 150_000],
  ])('is read back with %s', async (_, oldLength, nextLength) => {
    const change = {
      old: new Uint8Array(oldLength).fill(1),
      next: new Uint8Array(nextLength).fill(2),
    }

    const read = await parseJournal(await encodeJournal(change))

    expect(Buffer.from(read?.old ?? 'x').equals(change.old)).toBe(true)
    expect(Buffer.from(read?.next ?? 'x').equals(change.next)).toBe(true)
  })

  it('is none when it was cut at any length', async () => {
    const whole = await encodeJournal({ old: bytes('old'), next: bytes('next') })
    for (let length = 0; length < whole.length; length += 1) {
      expect(await parseJournal(whole.subarray(0, length))).toBeUndefined()
    }
  })

  it('is none when a bit of it is wrong', async () => {
    const whole = await encodeJournal({ old: bytes('old'), next: bytes('next') })
    for (let at = 0; at < whole.length * 8; at += 1) {
      const wrong = Uint8Array.from(whole)
      wrong[at >> 3] = (wrong[at >> 3] as number) ^ (1 << (at & 7))
      expect(await parseJournal(wrong)).toBeUndefined()
    }
  })
})
