import { fork, type ChildProcess } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../helpers/children.js'
import type { Order, Report } from '../../helpers/children/memory-cache.js'
import { temporaryFolder } from '../../helpers/folders.js'

type Command =
  { operation: 'read' | 'destroy'; id: string } | { operation: 'write'; id: string; words: string }

/** Server processes over one folder; each hears what the others change, through this process. */
async function startServers(count: number, folder: string) {
  const script = await bundled('tests/helpers/children/memory-cache.ts')
  const children: ChildProcess[] = []
  const results = new Map<number, (result: unknown) => void>()
  let number = 0

  const start = () =>
    new Promise<void>((resolve) => {
      const child = fork(script, [folder])
      onTestFinished(() => void child.kill('SIGKILL'))
      children.push(child)
      child.on('message', (report: Report) => {
        if ('ready' in report) resolve()
        else if ('changed' in report) {
          for (const other of children) if (other !== child) other.send(report satisfies Order)
        } else results.get(report.number)?.(report.result)
      })
    })

  await Promise.all(Array.from({ length: count }, start))
  return children.map((child) => (command: Command) => {
    number += 1
    const order = { ...command, number } as Order
    return new Promise<unknown>((resolve) => {
      results.set(number, resolve)
      child.send(order)
    })
  })
}

describe('two server processes with copies of one store', () => {
  it('both see a log-out at once, whichever of them made it', async () => {
    const folder = temporaryFolder()
    const [here, there] = await startServers(2, folder)
    if (here === undefined || there === undefined) throw new Error('not started')

    for (let round = 0; round < 20; round += 1) {
      const [first, second] = round % 2 === 0 ? [here, there] : [there, here]
      const id = `session${round}`
      await first({ operation: 'write', id, words: 'logged in' })
      expect(await second({ operation: 'read', id })).toBe('logged in')
      expect(await first({ operation: 'read', id })).toBe('logged in')

      await first({ operation: 'destroy', id })

      expect(await second({ operation: 'read', id })).toBeUndefined()
      expect(await first({ operation: 'read', id })).toBeUndefined()
    }
  })

  it('answer from their copies in between', async () => {
    const folder = temporaryFolder()
    const [here, there] = await startServers(2, folder)
    if (here === undefined || there === undefined) throw new Error('not started')
    await here({ operation: 'write', id: 'a', words: 'one' })
    await there({ operation: 'read', id: 'a' })
    writeFileSync(join(folder, 'a'), 'changed by nobody who tells')

    expect(await there({ operation: 'read', id: 'a' })).toBe('one')
    rmSync(join(folder, 'a'))
    expect(await here({ operation: 'read', id: 'a' })).toBe('one')

    await here({ operation: 'write', id: 'a', words: 'two' })
    expect(await there({ operation: 'read', id: 'a' })).toBe('two')
  })
})
