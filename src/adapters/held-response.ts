/**
 * A response whose headers wait until the session has settled.
 *
 * Where settling takes time, what the application does to the response meanwhile is kept in order
 * and done afterwards; until then the response looks as it would without: headers sent, ended, too
 * full to write. What Node would throw is thrown at once. Where settling takes no time, nothing is
 * kept.
 *
 * @module
 */
import { StateError } from '../errors.js'
import { advance, completed, Held, ignore, queue, type Holder } from './held.js'
import {
  announceHead,
  isChunk,
  refuseChunk,
  refuseHeaders,
  type AnyResponse,
  type Method,
} from './node-response.js'

/**
 * Holds the headers of a response from here on.
 *
 * @param owner Handed to the holder's functions.
 */
export function holdResponse<Owner>(
  response: AnyResponse,
  owner: Owner,
  holder: Holder<Owner>,
): void {
  const held = new Held(response, owner, holder) as Held
  if (response._implicitHeader !== undefined) guardImplicitHeader(held)
  response.writeHead = (...args) => heldWriteHead(held, args)
  response.write = (...args) => heldWrite(held, args)
  response.end = (...args) => heldEnd(held, args)
  response.flushHeaders = (...args) => heldFlushHeaders(held, args)
}

/** Node's own `write`, `end` and `flushHeaders` come here too, so this is where headers are added. */
function heldWriteHead(held: Held, args: unknown[]): unknown {
  const { response, pretence } = held
  const stage = advance(held)
  if (stage === 'failed') return response
  if (stage === 'open') return held.writeHead.apply(response, completed(held, args))
  if (pretence !== undefined) return refuseHeaders(response, 'writeHead', args)
  queue(held, 'writeHead', announceHead(response, args))
  return response
}

function heldWrite(held: Held, args: unknown[]): unknown {
  const { response } = held
  const [chunk] = args
  if (held.stage !== 'open' && !isChunk(chunk)) return refuseChunk(response, chunk)
  const stage = advance(held)
  if (stage === 'open') return held.write.apply(response, args)
  if (stage === 'failed') return ignore(held, args)
  const ended = response.writableEnded
  queue(held, 'write', args)
  held.queuedBytes += (chunk as string | Uint8Array).length
  const accepted = !ended && held.queuedBytes < response.writableHighWaterMark
  held.full ||= !accepted
  return accepted
}

function heldEnd(held: Held, args: unknown[]): unknown {
  const { response } = held
  const [chunk] = args
  const isBody = Boolean(chunk) && typeof chunk !== 'function'
  if (held.stage !== 'open' && isBody && !isChunk(chunk)) return refuseChunk(response, chunk)
  const stage = advance(held)
  if (stage === 'open') return held.end.apply(response, args)
  if (stage === 'failed') ignore(held, args)
  else queue(held, 'end', args).end()
  return response
}

function heldFlushHeaders(held: Held, args: unknown[]): unknown {
  const stage = advance(held)
  if (stage === 'open') return held.flushHeaders.apply(held.response, args)
  if (stage === 'held') queue(held, 'flushHeaders', args)
  return undefined
}

/**
 * A safety net. Whoever looked `res.end` up before the response was held (`res.end(await page())`
 * with `startSession` in `page`) calls Node's own, which cannot be made to wait from within.
 */
function guardImplicitHeader(held: Held): void {
  const { response } = held
  const node = response._implicitHeader as Method
  response._implicitHeader = () => {
    if (advance(held) === 'held') {
      throw new StateError(
        'response: "write" or "end" was looked up before the session was started; start it in a statement of its own, or use sessionMiddleware',
      )
    }
    node.call(response)
  }
}
