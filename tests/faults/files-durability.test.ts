/** What reaches the disk in which order, by the system calls of a real process. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { talkTo, bundled } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'

const canTrace = spawnSync('strace', ['-V']).status === 0
const CALLS = 'openat,pwrite64,ftruncate,fdatasync,unlink,close'
const WORKER = 'tests/helpers/children/files-worker.ts'

/** Calls that concern the save folder, as words: `write session`, `sync journal`, ... */
async function traced(durability: string, task: 'hold' | 'make', next: string): Promise<string[]> {
  const folder = temporaryFolder()
  if (task === 'hold') writeFileSync(join(folder, 'sess_abc'), 'old', { mode: 0o600 })
  const trace = join(temporaryFolder(), 'trace')
  const options = JSON.stringify({ lock: 'process', durability })
  const script = await bundled(WORKER)
  const command = [process.execPath, script, folder, 'abc', options, task, '9000']
  const child = talkTo('strace', ['-f', '-qq', '-e', `trace=${CALLS}`, '-o', trace, ...command])
  await child.line()
  if (task === 'hold') {
    child.say(next)
    await child.line()
  }
  child.child.stdin.end()
  await child.ended
  return inWords(readFileSync(trace, 'latin1'), folder)
}

const VERBS = { pwrite64: 'write', ftruncate: 'cut', fdatasync: 'sync' } as const

function inWords(trace: string, folder: string): string[] {
  const names = new Map<string, string>()
  const words: string[] = []
  const nameOf = (path: string) => {
    if (path === folder) return 'folder'
    return path.endsWith('.journal') ? 'journal' : 'session'
  }
  for (const line of whole(trace)) {
    const open = /openat\([^"]*"([^"]*)".* = (\d+)$/.exec(line)
    if (open?.[1]?.startsWith(folder) === true) names.set(open[2] as string, nameOf(open[1]))
    const [, call, fd = ''] = /(pwrite64|ftruncate|fdatasync|close)\((\d+)/.exec(line) ?? []
    const name = names.get(fd)
    if (call === 'close') names.delete(fd)
    else if (name !== undefined) words.push(`${VERBS[call as keyof typeof VERBS]} ${name}`)
    const removed = /unlink\("([^"]*)"/.exec(line)?.[1]
    if (removed?.startsWith(folder) === true) words.push(`remove ${nameOf(removed)}`)
  }
  return words
}

/** Calls that another thread's call cut in two are joined where they ended. */
function* whole(trace: string): Generator<string> {
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const unfinished = / <unfinished \.\.\.>$/
    const resumed = /^<\.\.\. \w+ resumed>/
    if (unfinished.test(text)) begun.set(thread, text.replace(unfinished, ''))
    else if (resumed.test(text)) yield (begun.get(thread) ?? '') + text.replace(resumed, '')
    else yield text
  }
}

describe.runIf(canTrace)('durability', { timeout: 60_000 }, () => {
  it("'fsync' has the journal on disk before the session is touched, and the session before it goes", async () => {
    expect(await traced('fsync', 'hold', 'longer than before')).toEqual([
      'write journal',
      'sync journal',
      'sync folder',
      'write session',
      'write session',
      'sync session',
      'remove journal',
    ])
  })

  it("'fsync' has a new session and its name on disk", async () => {
    expect(await traced('fsync', 'make', '')).toEqual([
      'write journal',
      'sync journal',
      'sync folder',
      'write session',
      'sync session',
      'remove journal',
    ])
  })

  it("'none' waits for no disk, as PHP: one write where a page is enough, else a journal", async () => {
    expect(await traced('none', 'hold', 'longer than before')).toEqual(['write session'])
    expect(await traced('none', 'hold', 's')).toEqual([
      'write journal',
      'write session',
      'cut session',
      'remove journal',
    ])
  })
})
