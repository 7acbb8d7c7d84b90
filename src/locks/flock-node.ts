/**
 * The lock helper in Node, for systems with no interpreter but with a `flock` program (util-linux,
 * BusyBox). Each lock starts that program, from a process small enough for it not to matter.
 *
 * @module
 */

/** Speaks the protocol of flock-helper.ts; its first argument is the path of `flock`. */
export const NODE_HELPER = `
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const program = process.argv[1]
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(name, () => {})
const files = new Map()
const tell = (...words) => fs.writeSync(1, words.join(' ') + '\\n')

function take(n, mode, path) {
  const file = { fd: -1, child: undefined, dropped: undefined }
  try {
    file.fd = fs.openSync(Buffer.from(path, 'hex'), 'r+')
  } catch (error) {
    return tell('E', n, -error.errno)
  }
  files.set(n, file)
  file.child = spawn(program, [mode === 's' ? '-s' : '-x', '3'], {
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', file.fd],
  })
  file.child.on('error', () => settle(n, file, 1))
  file.child.on('exit', (code) => settle(n, file, code))
}

function settle(n, file, code) {
  if (file.child === undefined) return
  file.child = undefined
  if (file.dropped === undefined) return code === 0 ? tell('G', n) : tell('E', n, 5)
  fs.closeSync(file.fd)
  file.dropped()
}

function drop(n, done) {
  const file = files.get(n)
  if (file === undefined) return done()
  files.delete(n)
  if (file.child !== undefined) {
    file.dropped = done
    return file.child.kill('SIGKILL')
  }
  fs.closeSync(file.fd)
  done()
}

let pending = ''
process.stdin.on('data', (chunk) => {
  const lines = (pending + chunk).split('\\n')
  pending = lines.pop()
  for (const line of lines) {
    const [word, n, ...rest] = line.split(' ')
    if (word === 'L') take(n, ...rest)
    else drop(n, () => word === 'C' && tell('D', n))
  }
})
process.stdin.on('end', () => {
  for (const { child } of files.values()) child?.kill('SIGKILL')
  process.exit()
})
tell('R')
`
