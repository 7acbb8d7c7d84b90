/**
 * A shop of three goods on node:http. Everything about the session is in `show`, `change` and the
 * actions. It is stored before the first header of an answer leaves.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { startSession } from 'sessionz/node'
import { cartOf, GOODS, renderPage } from './page.mjs'

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {import('./page.mjs').Shop} Shop */
/** @typedef {import('sessionz').SessionManager<Shop>} Manager */
/** @typedef {import('sessionz').Session<Shop>} Session */

/** Largest form that is read. */
const MAX_BODY = 10_000

/**
 * @param {Manager} manager
 * @param {{ peer?: string | undefined }} [options] Address of the PHP page, when it runs.
 */
export function createShop(manager, { peer } = {}) {
  return createServer((request, response) => {
    answer(manager, request, response, peer).catch((error) => fail(response, error))
  })
}

/**
 * @param {Manager} manager
 * @param {Request} request
 * @param {Response} response
 * @param {string | undefined} peer
 */
async function answer(manager, request, response, peer) {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const route = `${request.method} ${url.pathname}`
  if (route === 'GET /style.css') return style(response)
  if (route === 'GET /') {
    return show(manager, request, response, { peer, embed: url.searchParams.has('embed') })
  }
  const action = ACTIONS[/** @type {keyof typeof ACTIONS} */ (route)]
  if (action !== undefined) return change(manager, request, response, { peer, action })
  refuse(response, 404, 'There is no such page.')
}

/**
 * Shows the page. Inside the other page it only looks, so it neither counts nor holds the lock.
 *
 * @param {Manager} manager
 * @param {Request} request
 * @param {Response} response
 * @param {{ peer: string | undefined, embed: boolean }} options
 */
async function show(manager, request, response, { peer, embed }) {
  const session = await startSession(manager, request, response, { readOnly: embed })
  if (!embed) session.update('visits', (visits = 0) => visits + 1)
  const stored = Buffer.from(session.encode()).toString()
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentPolicy(peer),
  })
  response.end(renderPage({ data: session.data, id: session.id, stored, embed, peer }))
}

/**
 * Does what a form asks for, then leads back to the page.
 *
 * @param {Manager} manager
 * @param {Request} request
 * @param {Response} response
 * @param {{ peer: string | undefined, action: Action }} options
 */
async function change(manager, request, response, { peer, action }) {
  const form = await readForm(request)
  if (form === undefined) return refuse(response, 413, 'That is too much.')
  const session = await startSession(manager, request, response)
  await action(session, form)
  const back = form.has('embed') && peer !== undefined ? peer : ''
  response.writeHead(303, { location: `${back}/` }).end()
}

/** @typedef {(session: Session, form: URLSearchParams) => unknown} Action */

/** @satisfies {Record<string, Action>} */
const ACTIONS = {
  'POST /add'(/** @type {Session} */ session, /** @type {URLSearchParams} */ form) {
    const item = form.get('item') ?? ''
    if (!GOODS.has(item)) return
    const cart = cartOf(session.data)
    cart[item] = (cart[item] ?? 0) + 1
    session.set('cart', cart)
  },

  'POST /empty'(/** @type {Session} */ session) {
    session.delete('cart')
  },

  async 'POST /login'(/** @type {Session} */ session, /** @type {URLSearchParams} */ form) {
    const name = [...(form.get('name') ?? '').trim()].slice(0, 40).join('')
    if (name === '') return
    await session.regenerate() // a stolen or planted id is worth nothing from here on
    session.set('user', name)
  },

  async 'POST /logout'(/** @type {Session} */ session) {
    await session.destroy()
  },
}

/**
 * Styles from here, nothing from elsewhere but the other page.
 *
 * @param {string} [peer]
 */
function contentPolicy(peer) {
  const other = peer ?? "'none'"
  return `default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self' ${peer ?? ''}; frame-src ${other}; frame-ancestors ${other}`
}

/** @param {Response} response */
async function style(response) {
  const css = await readFile(new URL('style.css', import.meta.url))
  response.writeHead(200, { 'content-type': 'text/css', 'cache-control': 'no-cache' }).end(css)
}

/** @param {Request} request @returns The fields; nothing when they are too many to be a form. */
async function readForm(request) {
  let body = ''
  for await (const chunk of request) {
    body += chunk
    if (body.length > MAX_BODY) return undefined
  }
  return new URLSearchParams(body)
}

/**
 * The session could not be had, so the visitor is told that it did not work.
 *
 * @param {Response} response
 * @param {unknown} error
 */
function fail(response, error) {
  console.error(error)
  if (response.headersSent) return response.destroy()
  refuse(response, 503, 'Please try again.')
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} sentence
 */
function refuse(response, status, sentence) {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' })
  response.end(`${sentence}\n`)
}
