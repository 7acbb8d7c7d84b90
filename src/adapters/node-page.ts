/**
 * Puts the session id into pages on their way through a response of Node's.
 *
 * @module
 */
import {
  createUrlRewriter,
  type UrlRewriter,
  type UrlRewriterOptions,
} from '../http/url-rewriter.js'
import type { Held } from './held.js'
import { headersArgument, isChunk, withHeaders } from './node-response.js'
import { isPage, OUTDATED } from './page.js'
import { headerOf, withoutHeaders } from './response-headers.js'

/** Where the page is. */
interface Page {
  readonly held: Held
  /** `undefined` before the first header is known, `false` where the response is no page. */
  rewriter: UrlRewriter | false | undefined
  /** Whether the application said how long the page is. */
  hadLength: boolean
}

/** Takes the place of the response's methods below the held ones. */
export function rewritePage(held: Held, options: UrlRewriterOptions): void {
  const { response, writeHead, write, end } = held
  const page: Page = { held, rewriter: undefined, hadLength: false }
  held.writeHead = (...args) => writeHead.apply(response, headOf(page, options, args))
  held.write = (...args) => {
    headOf(page, options, [])
    return write.apply(response, page.rewriter ? rewritten(page.rewriter, args) : args)
  }
  held.end = (...args) => {
    headOf(page, options, [])
    const { rewriter } = page
    // HTTP/2 writes what it ends with.
    page.rewriter = false
    return end.apply(response, rewriter ? lastOf(page, rewriter, args) : args)
  }
}

/** Decides once, before the first header leaves. @returns The arguments of `writeHead` to send. */
function headOf(page: Page, options: UrlRewriterOptions, args: unknown[]): unknown[] {
  const { response } = page.held
  const given = headersArgument(args)
  const look = (name: string) => headerOf(response, given, name)
  if (page.rewriter === undefined) {
    const status = typeof args[0] === 'number' ? args[0] : response.statusCode
    const head = { status, type: look('content-type'), encoding: look('content-encoding') }
    page.rewriter = isPage(head) && createUrlRewriter(options)
  }
  if (page.rewriter === false || response.headersSent) return args
  page.hadLength ||= look('content-length') !== undefined
  for (const name of OUTDATED) response.removeHeader(name)
  const kept = withoutHeaders(given, OUTDATED)
  return kept === given ? args : withHeaders(args, kept)
}

function rewritten(rewriter: UrlRewriter, args: unknown[]): unknown[] {
  const [chunk, encoding] = args
  if (!isChunk(chunk)) return args
  return [rewriter.write(bytesOf(chunk, encoding)), ...functionsOf(args)]
}

/** The rest of the page. A page that comes in one piece has a length again. */
function lastOf({ held, hadLength }: Page, rewriter: UrlRewriter, args: unknown[]): unknown[] {
  const { response } = held
  const [chunk, encoding] = args
  const pieces = isChunk(chunk) ? [rewriter.write(bytesOf(chunk, encoding))] : []
  const last = Buffer.concat([...pieces, rewriter.end()])
  if (hadLength && pieces.length > 0 && !response.headersSent) {
    response.setHeader('Content-Length', last.length)
  }
  return last.length === 0 ? functionsOf(args) : [last, ...functionsOf(args)]
}

function bytesOf(chunk: string | Uint8Array, encoding: unknown): Uint8Array {
  if (typeof chunk !== 'string') return chunk
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}

function functionsOf(args: readonly unknown[]): unknown[] {
  return args.filter((each) => typeof each === 'function')
}
