/**
 * Builds the library where it is not built yet and starts the example.
 *
 * `PORT` (8080) and `PHP_PORT` (the next one) are taken when they are free, else any free port.
 * Sessions lie in `.sessions` at the top of the repository, or in `SESSIONS_DIR`.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const HOST = '127.0.0.1' // one host for both servers: cookies do not look at the port

const folder = resolve(process.env['SESSIONS_DIR'] ?? join(ROOT, '.sessions'))
const withPhp = process.argv.includes('--php')

/** What runs, last started first. @type {(() => unknown)[]} */
const stops = []

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => void stop(0))
}

start().catch(async (error) => {
  console.error(error instanceof Error ? error.message : error)
  await stop(1)
})

async function start() {
  if (!isBuilt()) build()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const manager = await openManager()
  stops.unshift(() => manager.close())
  const port = await freePort(Number(process.env['PORT'] ?? 8080))
  const phpPort = await freePort(Number(process.env['PHP_PORT'] ?? port + 1))
  const [node, php] = [port, phpPort].map((each) => `http://${HOST}:${each}`)
  if (withPhp) await startPhp(phpPort, node ?? '')
  const { createShop } = await import('./server.mjs')
  const server = createShop(manager, { peer: withPhp ? php : undefined })
  stops.unshift(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server.listen(port, HOST), 'listening')
  console.log(`Node   ${node}/`)
  if (withPhp) console.log(`PHP    ${php}/`)
  console.log(`Files  ${folder}`)
  console.log('Ctrl+C stops.')
}

/** Ends everything, in every outcome. @param {number} code */
async function stop(code) {
  await Promise.allSettled(stops.splice(0).map(async (end) => end()))
  process.exit(code)
}

/** Whether `dist` is there and newer than every source. */
function isBuilt() {
  const entry = join(ROOT, 'dist', 'index.js')
  if (!existsSync(entry)) return false
  const built = statSync(entry).mtimeMs
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  return sources.every((path) => statSync(join(ROOT, 'src', path)).mtimeMs < built)
}

function build() {
  console.log('Building ...')
  const options = { cwd: ROOT, shell: true, encoding: /** @type {const} */ ('utf8') }
  const { status, stdout, stderr } = spawnSync('npm run build', options)
  if (status !== 0) throw new Error(`The build failed.\n${stdout}${stderr}`)
}

/** A manager on the files handler. @returns {Promise<import('./server.mjs').Manager>} */
async function openManager() {
  const { createSessionManager, filesHandler } = await import('sessionz')
  try {
    return createSessionManager({ handlers: [filesHandler({ savePath: folder })] })
  } catch (error) {
    if (withPhp) throw error
    console.log(`Note: ${error instanceof Error ? error.message : error}.`)
    console.log('The example locks inside its own process: let nothing else use the folder.')
    return createSessionManager({ handlers: [filesHandler({ savePath: folder, lock: 'process' })] })
  }
}

/**
 * @param {number} wanted
 * @returns {Promise<number>} The port itself when it is free, else any free one.
 */
async function freePort(wanted) {
  const probe = createServer()
  const taken = new Promise((done) => probe.once('error', done))
  probe.listen(wanted, HOST)
  const free = await Promise.race([once(probe, 'listening').then(() => true), taken])
  if (free !== true) return freePort(0)
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
  probe.close()
  await once(probe, 'close')
  return port
}

/**
 * PHP's own server, with the settings that both sides must share.
 *
 * @param {number} port
 * @param {string} peer Address of the Node page.
 */
async function startPhp(port, peer) {
  const settings = {
    'session.save_handler': 'files',
    'session.save_path': folder,
    'session.serialize_handler': 'php',
    'session.name': 'PHPSESSID',
    'session.use_strict_mode': '1',
    'session.gc_maxlifetime': '1440',
    'session.cookie_path': '/',
    'session.cookie_httponly': '1',
    'session.cookie_samesite': 'Lax',
  }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-d', `${key}=${value}`])
  const child = spawn(
    'php',
    [...flags, '-S', `${HOST}:${port}`, '-t', HERE, join(HERE, 'index.php')],
    {
      env: { ...process.env, PEER_URL: peer, PHP_CLI_SERVER_WORKERS: '4' },
      stdio: 'ignore',
      detached: process.platform !== 'win32', // a group of its own, to end its workers with it
    },
  )
  /** @type {unknown} */
  let failed
  child.once('error', (error) => (failed = error))
  child.once('exit', (code) => (failed ??= new Error(`exit code ${code}`)))
  stops.unshift(() => {
    if (child.pid === undefined || child.exitCode !== null) return
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGTERM')
  })
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (failed !== undefined) break
    if (await answers(`http://${HOST}:${port}/style.css`)) return
    await delay(50)
  }
  throw new Error(
    `PHP does not start (${failed instanceof Error ? failed.message : 'no answer'}). ` +
      'Install the command "php", or use "npm start".',
  )
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false // not listening yet
  }
}
