import { describe, expect, it } from 'vitest'
import { idHash } from '../../../src/lib/id-hash.js'
import { NONE, PARTS, recordTable } from '../../../src/lib/record-table.js'
import { fastestMs } from '../../helpers/fastest.js'
import { usedBytes } from '../../helpers/heap.js'

const hexId = (index: number) => index.toString(16).padStart(32, '0')

describe('the table of records', () => {
  it('takes at most 320 bytes a session of 195 bytes under an id of 32', () => {
    const table = recordTable()
    const payload = new Uint8Array(195).fill(0x61)
    const sessions = 100_000
    const before = usedBytes()

    for (let index = 0; index < sessions; index += 1) table.insert(hexId(index), payload, index)

    const used = (usedBytes() - before) / sessions
    expect(used).toBeLessThan(320)
    expect(table.bytes / sessions).toBeGreaterThan(used * 0.95)
    expect(table.find(hexId(5))).not.toBe(NONE)
  })

  it('gives its memory back when its records go', () => {
    const table = recordTable()
    const payload = new Uint8Array(195)
    const before = usedBytes()
    for (let index = 0; index < 50_000; index += 1) table.insert(hexId(index), payload, index)

    while (table.size > 0) table.remove(table.leastUsed())

    // They took 14 MB; what the engine keeps for itself varies by half a megabyte.
    expect(usedBytes() - before).toBeLessThan(2_000_000)
    expect(table.bytes).toBe(0)
  })

  it('keeps no header alive from which an id was cut', () => {
    const table = recordTable()
    const before = usedBytes()

    for (let index = 0; index < 200; index += 1) {
      const header = `${'x'.repeat(100_000)}; PHPSESSID=${hexId(index)}`
      table.insert(header.slice(-32), new Uint8Array(10), 0)
    }

    expect(usedBytes() - before).toBeLessThan(1_000_000)
    expect(table.find(hexId(7))).not.toBe(NONE)
  })

  it('finds, adds and removes as fast among 200,000 as among 1,000', () => {
    const payload = new Uint8Array(100)
    const work = (sessions: number) => {
      const table = recordTable()
      for (let index = 0; index < sessions; index += 1) table.insert(hexId(index), payload, index)
      return () => {
        for (let index = 0; index < 1000; index += 1) {
          const id = hexId((index * 7919) % sessions)
          table.remove(table.find(id))
          table.insert(id, payload, index)
        }
      }
    }

    // Ten times is what caches of the processor explain; a walk would be two hundred times.
    expect(fastestMs(work(200_000))).toBeLessThan(fastestMs(work(1000)) * 10)
  })
})

describe('the hash of ids', () => {
  it.each([
    ['counting', hexId],
    ['counting from the left', (index: number) => [...hexId(index)].reverse().join('')],
    ['that differ in far places of long ids', (index: number) => 'a'.repeat(200) + hexId(index)],
    ['beyond ASCII', (index: number) => `é${index}€`],
  ])('spreads ids %s evenly', (_, idOf) => {
    const hashOf = idHash()
    const parts = new Array<number>(PARTS).fill(0)
    const ids = 256 * 100

    for (let index = 0; index < ids; index += 1) {
      const part = hashOf(idOf(index)) >>> 24
      parts[part] = (parts[part] as number) + 1
    }

    // Ten standard deviations of a fair draw: the seed differs in every run.
    expect(Math.max(...parts)).toBeLessThan(200)
    expect(Math.min(...parts)).toBeGreaterThan(30)
  })

  it('tells apart what only changed places', () => {
    const hashOf = idHash()
    const ids = ['ab', 'ba', `a${'x'.repeat(31)}b`, `b${'x'.repeat(31)}a`, '', 'a', 'aa']

    expect(new Set(ids.map(hashOf)).size).toBe(ids.length)
  })

  it('is another one in every table, so nobody can choose ids that meet', () => {
    const [one, other] = [idHash(), idHash()]
    const ids = Array.from({ length: 100 }, (_, index) => hexId(index))

    expect(ids.filter((id) => one(id) === other(id)).length).toBeLessThan(2)
    expect(ids.map(one)).toEqual(ids.map(one))
  })
})
