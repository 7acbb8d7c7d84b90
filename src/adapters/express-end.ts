/**
 * A response whose end waits, as that of express-session does.
 *
 * Headers and body leave at once, all but what tells the client that the body is over: with a
 * Content-Length that is the last byte, else the end itself.
 *
 * @module
 */
import type { Callback } from './express-contract.js'
import { callbackOf, type AnyResponse } from './node-response.js'

/** What is to be done before the end; calls back. */
export type Work = (done: Callback) => void

export interface Ending {
  /** Asked once, when the application ends the response. @returns `undefined`: nothing to wait for. */
  before(): Work | undefined
  /** Told of what went wrong before the end, which comes all the same. */
  failed(error: unknown): void
  /** Told when all is done, before the end leaves. */
  over(): void
}

/** From here on the end of the response waits. */
export function delayEnd(response: AnyResponse, ending: Ending): void {
  const { write, end } = response
  let ended = false
  const methods = { write, end }

  response.end = (...args) => {
    if (ended) return false
    ended = true
    try {
      const work = ending.before()
      if (work === undefined) {
        ending.over()
        return end.apply(response, args)
      }
      return endAfter({ response, methods, ending }, work, args)
    } catch (error) {
      ended = false // somebody will have to answer this
      throw error
    }
  }
}

interface Delayed {
  readonly response: AnyResponse
  readonly methods: Pick<AnyResponse, 'write' | 'end'>
  readonly ending: Ending
}

function endAfter({ response, methods, ending }: Delayed, work: Work, args: unknown[]): unknown {
  let rest: readonly unknown[] | undefined = args
  let done = false
  let result: unknown
  work((error) => {
    if (done) return
    done = true
    if (error) ending.failed(error)
    ending.over()
    if (rest !== undefined) result = methods.end.apply(response, [...rest])
  })
  if (done) return result
  rest = undefined // until it is known what is left to send
  const [written, left] = writeAhead(response, methods.write, args)
  if (done) methods.end.apply(response, left)
  rest = left
  return written
}

/** Sends what may leave before the end. @returns The answer of `write`, and what is left for `end`. */
function writeAhead(
  response: AnyResponse,
  write: AnyResponse['write'],
  args: unknown[],
): [unknown, unknown[]] {
  if (!response.headersSent) response._implicitHeader?.()
  const callback = callbackOf(args)
  const after = callback === undefined ? [] : [callback]
  const chunk = args[0] === callback ? undefined : args[0]
  const encoding = args[1] === callback ? undefined : (args[1] as BufferEncoding)
  if (chunk === undefined || chunk === null) return [true, after]
  if (!(Number(response.getHeader('content-length')) > 0)) {
    return [write.call(response, chunk, encoding), after]
  }
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Uint8Array)
  if (bytes.length === 0) return [write.call(response, bytes), after]
  const last = bytes.subarray(bytes.length - 1)
  return [write.call(response, bytes.subarray(0, bytes.length - 1)), [last, ...after]]
}
