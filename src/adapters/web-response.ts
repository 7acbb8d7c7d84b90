/** A `Response` with what the session adds to it. */
import type { HeaderList } from '../http/headers.js'
import type { UrlRewriterOptions } from '../http/url-rewriter.js'
import { urlRewriterStream } from '../http/url-rewriter-streams.js'
import { isPage, OUTDATED } from './page.js'
import { mergeHeaders } from './response-headers.js'

/**
 * The response with more headers, a copy: those of `Response.redirect()` and `fetch()` cannot be changed.
 * What is no answer of its own (`Response.error()`, an upgrade) cannot be copied and passes.
 */
export function withHeaders(response: Response, added: HeaderList): Response {
  if (added.length === 0 || response.status < 200) return response
  const headers = new Headers(response.headers)
  mergeHeaders(added, {
    get: (name) => presentIn(headers, name),
    set: (name, value) => {
      headers.delete(name)
      for (const line of [value].flat()) headers.append(name, String(line))
    },
  })
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}

function presentIn(headers: Headers, name: string): string | string[] | undefined {
  if (name === 'Set-Cookie') return headers.getSetCookie()
  return headers.get(name) ?? undefined
}

/** The response with the id in its links, where it is a page. */
export function rewrittenPage(response: Response, options: UrlRewriterOptions): Response {
  const { status, statusText, body } = response
  const headers = new Headers(response.headers)
  const type = headers.get('content-type') ?? undefined
  const encoding = headers.get('content-encoding') ?? undefined
  if (!isPage({ status, type, encoding })) return response
  for (const name of OUTDATED) headers.delete(name)
  const through = urlRewriterStream(options) as TransformStream<Uint8Array, Uint8Array>
  const page = body === null ? null : body.pipeThrough(through)
  return new Response(page, { status, statusText, headers })
}
