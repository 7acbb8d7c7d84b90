import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../../src/adapters/node.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import { serve, type Answer, type Question } from '../../helpers/exchange.js'
import { COMMON, HTTP1, type Note, type Run } from '../../helpers/response-handlers.js'
import { slowLayer } from '../../helpers/slow-layer.js'

/** What one exchange looked like, from both ends. */
interface Seen {
  readonly answer: Answer
  readonly notes: readonly unknown[][]
}

interface Variant {
  /** Whether every call to storage takes a turn of the event loop. */
  readonly slow: boolean
  /** Whether the visitor comes with a session. */
  readonly known: boolean
  /** Whether the application writes to it. */
  readonly written: boolean
}

/** A middleware that ran: goes on with the application. */
type Before = (...args: Parameters<RequestListener>) => Promise<void>

async function look(run: Run, question: Question, before?: Before): Promise<Seen> {
  const notes: unknown[][] = []
  let over: Promise<unknown> = Promise.resolve()
  const application: RequestListener = (req, res) => {
    const note: Note = (...facts) => notes.push(facts)
    const closed = new Promise((resolve) => res.once('close', resolve))
    over = Promise.all([run(res, note, req), closed])
  }
  await using server = await serve((req, res) => {
    if (before === undefined) application(req, res)
    else void before(req, res).then(() => application(req, res))
  })
  const answer = await server.ask(question)
  await over
  return { answer, notes }
}

/** The same exchange with sessions. */
async function lookWith(run: Run, question: Question, variant: Variant): Promise<Seen> {
  const handlers = variant.slow ? [slowLayer(), memoryHandler()] : [memoryHandler()]
  const manager = createSessionManager<{ n: number }>({ handlers })
  const session = sessionMiddleware(manager)
  const headers = variant.known ? { cookie: await cookieOf(manager) } : {}
  const seen = await look(run, { ...question, headers }, async (req, res) => {
    await session(req, res)
    if (variant.written) req.session.set('n', 2)
  })
  await manager.close()
  return seen
}

async function cookieOf(manager: ReturnType<typeof createSessionManager<{ n: number }>>) {
  const session = await manager.start()
  session.set('n', 1)
  await session.commit()
  return `${session.name}=${session.id}`
}

const OURS =
  /^(Set-Cookie: PHPSESSID=|Vary: Cookie$|Pragma: no-cache$|Expires: Thu, 19 Nov 1981|Cache-Control: no-store, no-cache)/

function withoutOurs({ answer, notes }: Seen): Seen {
  const headers = answer.headers
    .filter(([name, value]) => !OURS.test(`${name}: ${value}`))
    .map(([name, value]) => [name, name === 'Date' ? 'now' : value] as const)
  const body = answer.body.length > 500 ? digest(answer.body) : answer.body
  return { answer: { ...answer, headers, body }, notes }
}

function digest(body: string): string {
  return `${body.length} bytes, ${createHash('sha256').update(body).digest('hex')}`
}

const GET: Question = {}
const HEAD: Question = { method: 'HEAD' }
const POST: Question = { method: 'POST', body: 'a body '.repeat(1000) }

const variants: readonly (readonly [string, Question, Variant])[] = [
  ['GET, new, memory', GET, { slow: false, known: false, written: true }],
  ['GET, known but not looked at, memory', GET, { slow: false, known: true, written: false }],
  ['GET, new, asynchronous', GET, { slow: true, known: false, written: true }],
  ['GET, known and written, asynchronous', GET, { slow: true, known: true, written: true }],
  ['GET, known, not looked at, asynchronous', GET, { slow: true, known: true, written: false }],
  ['HEAD, known and written, asynchronous', HEAD, { slow: true, known: true, written: true }],
  ['POST, known and written, asynchronous', POST, { slow: true, known: true, written: true }],
]

describe.each(variants)('a response with a session (%s)', (_, question, variant) => {
  it.each(Object.entries({ ...COMMON, ...HTTP1 }))('is as without: %s', async (_, run) => {
    const plain = await look(run, question)

    const seen = await lookWith(run, question, variant)

    expect(withoutOurs(seen)).toEqual(withoutOurs(plain))
  })
})
