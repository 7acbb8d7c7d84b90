/**
 * What the adapter needs to know of Node's two kinds of response, HTTP/1 and HTTP/2.
 *
 * @module
 */
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { ServerResponse, type IncomingMessage } from 'node:http'
import { Writable } from 'node:stream'
import type { HeadersArgument, HeaderStore } from './response-headers.js'

/** A request of `node:http`, `node:https` or `node:http2` (compatibility API), Express's included. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** The response to it. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** Any method of a response: what is held is called again with the same arguments. */
export type Method = (this: unknown, ...args: unknown[]) => unknown

/** Both kinds of response as one, as far as the adapter handles them. */
export interface AnyResponse extends HeaderStore {
  readonly req: IncomingMessage
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly writableHighWaterMark: number
  statusCode: number
  statusMessage: string
  writeHead: Method
  write: Method
  end: Method
  flushHeaders: Method
  /** HTTP/1 only: what was made of the headers, and whether `end` was called. */
  _header?: string | null | undefined
  finished?: boolean | undefined
  /** HTTP/1 only: how Node's own methods ask for the header. */
  _implicitHeader?: Method
  readonly socket: { destroy: Method } | null
  removeHeader(name: string): void
  destroy: Method
  emit(event: string): boolean
}

/** Whether a response is one of HTTP/2, whose API differs in places. */
export function isHttp2(response: AnyResponse): boolean {
  return response.req.httpVersionMajor === 2
}

/** The headers among the arguments of `writeHead(status, [message], [headers])`. */
export function headersArgument(args: readonly unknown[]): HeadersArgument {
  return (typeof args[1] === 'string' ? args[2] : (args[2] ?? args[1])) as HeadersArgument
}

/** The arguments of `writeHead` with other headers. */
export function withHeaders(args: readonly unknown[], headers: HeadersArgument): unknown[] {
  return typeof args[1] === 'string' ? [args[0], args[1], headers] : [args[0], headers]
}

/** The callback among the arguments of `write` or `end`. */
export function callbackOf(args: readonly unknown[]): ((error?: unknown) => void) | undefined {
  return args.find((each) => typeof each === 'function') as ((error?: unknown) => void) | undefined
}

/** Whether Node takes this as a piece of the body. */
export function isChunk(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array
}

/** Throws what Node throws for something that is no piece of a body. */
export function refuseChunk(response: AnyResponse, chunk: unknown): void {
  if (isHttp2(response)) new Writable({ write() {} }).write(chunk)
  else new ServerResponse(response.req).write(chunk)
}

/**
 * Throws what Node throws for these arguments of `writeHead`; else does to the response what can
 * be seen of it before anything is sent.
 *
 * @returns The arguments to send later.
 */
export function announceHead(response: AnyResponse, args: unknown[]): unknown[] {
  if (isHttp2(response)) return announceHttp2Head(response, args)
  const { statusCode, statusMessage } = rehearse(response, 'writeHead', args)
  Object.assign(response, { statusCode, statusMessage })
  return args
}

/** Throws what Node throws when the headers set so far are sent by this call. */
export function assertSendable(
  response: AnyResponse,
  operation: 'write' | 'end' | 'flushHeaders',
  args: readonly unknown[],
): void {
  if (isHttp2(response)) return
  const { statusCode, statusMessage } = response
  const usual = Number.isInteger(statusCode) && statusCode >= 100 && statusCode <= 999
  if (usual && !statusMessage && response.getHeader('trailer') === undefined) return
  const silent = args.filter((each) => typeof each !== 'function')
  rehearse(response, operation, silent)
}

/** Does the same to a response that goes nowhere. */
function rehearse(
  response: AnyResponse,
  operation: 'writeHead' | 'write' | 'end' | 'flushHeaders',
  args: readonly unknown[],
): AnyResponse {
  const rehearsal = new ServerResponse(response.req) as unknown as AnyResponse
  for (const name of response.getHeaderNames()) {
    rehearsal.setHeader(name, response.getHeader(name) ?? '')
  }
  const { statusCode, statusMessage } = response
  Object.assign(rehearsal, { statusCode, statusMessage })
  rehearsal[operation](...args)
  return rehearsal
}

/** HTTP/2 takes all headers into one place, so they can be there before the status. */
function announceHttp2Head(response: AnyResponse, args: unknown[]): unknown[] {
  const given = headersArgument(args)
  const list = Array.isArray(given)
  const pairs = list ? pairsOf(given as unknown[]) : Object.entries(given ?? {})
  if (list) for (const [name] of pairs) response.removeHeader(name)
  for (const [name, value] of pairs as [string, string][]) {
    const present = list ? response.getHeader(name) : undefined
    response.setHeader(name, present === undefined ? value : [present, value].flat().map(String))
  }
  response.statusCode = args[0] as number
  return [args[0]]
}

function pairsOf(list: readonly unknown[]): [string, string][] {
  if (Array.isArray(list[0])) return list as [string, string][]
  const pairs: [string, string][] = []
  for (let at = 0; at < list.length; at += 2) {
    pairs.push([list[at] as string, list[at + 1] as string])
  }
  return pairs
}

/** Throws what Node throws when headers are changed that were sent already. */
export function refuseHeaders(response: AnyResponse, method: string, args: unknown[]): unknown {
  if (isHttp2(response)) {
    const error = new Error('Response has already been initiated.')
    throw Object.assign(error, { code: 'ERR_HTTP2_HEADERS_SENT' })
  }
  const sent = new ServerResponse(response.req).writeHead(200)
  return (sent as unknown as Record<string, Method>)[method]?.call(sent, ...args)
}
