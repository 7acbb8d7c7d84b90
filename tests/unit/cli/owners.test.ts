import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../../src/handler.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { hashedIdHandler } from '../../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import { cli } from '../../helpers/cli.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { NOW_MS } from './fixture.js'

const now = () => NOW_MS

/** A config of handlers that are made here: a module cannot import the source. */
function configOf(handlers: readonly SessionHandler[]): string {
  const folder = temporaryFolder()
  const path = join(folder, 'config.mjs')
  Object.assign(globalThis, { [folder]: handlers })
  writeFileSync(path, `export default { handlers: globalThis[${JSON.stringify(folder)}] }`)
  return path
}

/** Makes sessions of these owners; `undefined` is nobody. */
async function made(handlers: readonly SessionHandler[], owners: readonly (string | undefined)[]) {
  const manager = createSessionManager({ handlers, now })
  const ids: string[] = []
  for (const owner of owners) {
    const session = manager.startNew()
    session.set('of', owner ?? 'nobody')
    session.owner = owner
    await session.commit()
    ids.push(session.id)
  }
  const run = (...argv: string[]) => cli([...argv, '--config', configOf(handlers)], { now })
  return { ids, run }
}

describe('owners', () => {
  it('have a column, find their sessions, and end them', async () => {
    const { run } = await made([memoryHandler()], ['ann', 'bob', undefined, 'ann'])
    const all = (await run('list', '--sort', 'id')).out

    expect(all).toMatch(/^id +age +size {2}owner\n/)
    expect(all.match(/ {2}ann$/gm)).toHaveLength(2)
    expect(
      (await run('list', '--owner', 'ann', '--json')).out.match(/"owner":"ann"/g),
    ).toHaveLength(2)
    expect((await run('list', '--owner', 'nobody')).out.split('\n')).toHaveLength(2)
    expect(await run('destroy', '--owner', 'ann')).toEqual({
      code: 0,
      out: '2 sessions destroyed\n',
      err: '',
    })
    expect((await run('count')).out).toBe('2\n')
  })

  it('lose as many sessions as wished, in batches', async () => {
    const { run } = await made([memoryHandler()], ['ann', 'bob', 'ann', 'ann', 'ann'])
    const destroy = async (...flags: string[]) =>
      (await run('destroy', '--owner', 'ann', ...flags)).out

    expect(await destroy('--limit', '0')).toBe('0 sessions destroyed\n')
    expect(await destroy('--limit', '1')).toBe('1 session destroyed\n')
    expect(await destroy('--limit', '2', '--batch', '1')).toBe('2 sessions destroyed\n')
    expect(await destroy('--batch', '1')).toBe('1 session destroyed\n')
    expect((await run('list', '--json')).out.match(/"owner":"\w+"/g)).toEqual(['"owner":"bob"'])
  })

  it('are shown with a session, and go with it to another place', async () => {
    const { ids, run } = await made([memoryHandler()], ['ann', undefined])
    const target = [memoryHandler()]
    const argv = ['migrate', '--from', configOf([memoryHandler()]), '--to', configOf(target)]

    expect((await cli(argv, { now })).out).toBe('0 sessions moved\n')
    expect((await run('show', ids[0] as string)).out).toContain('owner   ann\n')
    const source = [memoryHandler()]
    await made(source, ['ann', undefined])
    const moving = ['migrate', '--from', configOf(source), '--to', configOf(target)]
    expect((await cli(moving, { now })).out).toBe('2 sessions moved\n')
    const there = await cli(['list', '--owner', 'ann', '--config', configOf(target)], { now })
    expect(there.out.split('\n')).toHaveLength(3)
  })

  it('are unknown to stores without an index of them', async () => {
    const { run } = await made([filesHandler({ savePath: temporaryFolder() })], [undefined])

    expect(await run('destroy', '--owner', 'ann')).toMatchObject({
      code: 1,
      err: 'sessionz: manager: this chain cannot find sessions by owner\n',
    })
  })
})

describe('hashed ids', () => {
  const chain = () => [hashedIdHandler(), filesHandler({ savePath: temporaryFolder() })]

  it('are shown, checked and destroyed as lists name them, and by the ids themselves', async () => {
    const { ids, run } = await made(chain(), [undefined, undefined, undefined])
    const list = (await run('list', '--sort', 'id')).out
    const [first = ''] = list.split('\n').slice(1)
    const name = first.slice(0, 8)

    expect(ids.some((id) => list.includes(id.slice(0, 8)))).toBe(false)
    expect((await run('show', name)).out).toContain('of: "nobody"')
    expect((await run('show', ids[1] as string)).out).toContain('of: "nobody"')
    expect((await run('check')).out).toBe('3 sessions read, 0 unreadable\n')
    expect((await run('set', name, 'n', '1')).err).toBe(
      'sessionz: ids are hashed here: give the whole id\n',
    )
    expect((await run('set', ids[0] as string, 'n', '1')).code).toBe(0)
    expect((await run('destroy', name)).code).toBe(0)
    expect((await run('destroy', '--all')).out).toBe('2 sessions destroyed\n')
  })

  it('move to where ids are hashed, and never become ids', async () => {
    const [source, target] = [chain(), chain()]
    const { ids } = await made(source, [undefined])
    const from = ['migrate', '--from', configOf(source), '--to']

    expect((await cli([...from, `files:${temporaryFolder()}`], { now })).err).toBe(
      'sessionz: the old place has hashes of ids: the new one must have the hashed-id handler, too\n',
    )
    expect((await cli([...from, configOf(target)], { now })).out).toBe('1 session moved\n')
    const session = await createSessionManager({ handlers: target, now }).start({
      id: ids[0] as string,
    })
    expect(session.get('of')).toBe('nobody')
    await session.abort()
  })

  it('are made of plain ones on the way', async () => {
    const source = [memoryHandler()]
    const target = chain()
    const { ids } = await made(source, [undefined])
    await cli(['migrate', '--from', configOf(source), '--to', configOf(target)], { now })
    const session = await createSessionManager({ handlers: target, now }).start({
      id: ids[0] as string,
    })

    expect(session.get('of')).toBe('nobody')
    await session.abort()
  })
})
