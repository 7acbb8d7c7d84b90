import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundled } from '../helpers/children.js'
import { get } from '../helpers/live.js'
import { startNode, type Served } from '../helpers/servers.js'

describe('Node processes alone on one folder', () => {
  let folder: string
  let nodes: Served[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sessionz-nodes-'))
    const script = await bundled('tests/interop/live/files-counter.ts')
    nodes = []
    while (nodes.length < 4) nodes.push(await startNode(script, { SAVE_PATH: folder }))
  }, 60_000)

  afterAll(async () => {
    await Promise.all(nodes.map((server) => server.stop()))
    await rm(folder, { recursive: true })
  })

  it.each([1, 4])('add up 100 parallel increments to 100 with %i of them', async (processes) => {
    const id = `nodes${processes}`.padEnd(32, '0')
    await writeFile(join(folder, `sess_${id}`), 'n|i:0;', { mode: 0o600 })

    const visits = Array.from({ length: 100 }, (_, index) =>
      get(nodes[index % processes]!.origin, '/increment', id),
    )
    const statuses = (await Promise.all(visits)).map(({ status }) => status)

    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await readFile(join(folder, `sess_${id}`), 'latin1')).toBe('n|i:100;')
  })
})
