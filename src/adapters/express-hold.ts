/** Responses whose headers wait until the session is stored. */
import { publish } from '../events.js'
import type { MaybePromise } from '../handler.js'
import type { HeaderList } from '../http/headers.js'
import type { Callback } from './express-contract.js'
import type { Ending, Work } from './express-end.js'
import { pendingWork, type Visit } from './express-visit.js'
import { holdResponse } from './held-response.js'
import type { AnyResponse } from './node-response.js'
import { answerPlainly } from './plain-failure.js'

/**
 * From here on the headers of a response wait.
 *
 * @param cookie Makes the cookie to send, if any, when the session is stored.
 * @returns What the end of the response waits for in turn: changes since the headers left.
 */
export function holdHeaders(
  visit: Visit,
  response: AnyResponse,
  cookie: () => string | undefined,
): Pick<Ending, 'before' | 'over'> {
  let settling: Promise<void> | undefined
  let settled = false
  let ended = false

  function finish(): void {
    settled = true
    if (ended) visit.release?.()
  }

  function settle(): MaybePromise<HeaderList> {
    let work: Work | undefined
    try {
      work = pendingWork(visit)
    } finally {
      if (work === undefined) finish()
    }
    if (work === undefined) return headersOf(cookie())
    settling = done(work).finally(finish)
    return settling.then(() => headersOf(cookie()))
  }

  function answer(_: Visit, error: unknown): void {
    visit.broken = true
    publish('sessionz:error', () => ({ operation: 'commit', error }))
    response.end = heldEnd // the application has ended the response already
    answerPlainly(response)
  }

  holdResponse(response, visit, { settle, opened: () => undefined, answer })
  const { end: heldEnd } = response
  return {
    before() {
      if (settled) return pendingWork(visit, false)
      return settling && ((callback) => afterwards(settling as Promise<void>, visit, callback))
    },
    over() {
      ended = true
      if (settled) finish()
    },
  }
}

function headersOf(cookie: string | undefined): HeaderList {
  return cookie === undefined ? [] : [['Set-Cookie', cookie]]
}

function done(work: Work): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()))
  })
}

/** A body that was ended while the session was being stored may have changed it in between. */
function afterwards(settling: Promise<void>, visit: Visit, callback: Callback): void {
  const next = () => {
    const work = pendingWork(visit, false)
    if (work === undefined) callback()
    else work(callback)
  }
  settling.then(next, () => callback()).catch(callback)
}
