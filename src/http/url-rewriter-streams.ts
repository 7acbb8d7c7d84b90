/**
 * The URL rewriter in a stream, of Node or of the web.
 *
 * @module
 */
import { Transform } from 'node:stream'
import { TransformStream } from 'node:stream/web'
import { createUrlRewriter, type UrlRewriterOptions } from './url-rewriter.js'

export { createUrlRewriter }
export type { UrlRewriter, UrlRewriterOptions } from './url-rewriter.js'

/** A stream of Node that rewrites one page. Take `Content-Length` away: the page gets longer. */
export function urlRewriterTransform(options: UrlRewriterOptions): Transform {
  const rewriter = createUrlRewriter(options)
  return new Transform({
    transform(chunk: Buffer, _, done) {
      done(null, rewriter.write(chunk))
    },
    flush(done) {
      done(null, rewriter.end())
    },
  })
}

/** The same for the body of a web `Response`. */
export function urlRewriterStream(
  options: UrlRewriterOptions,
): TransformStream<Uint8Array, Uint8Array> {
  const rewriter = createUrlRewriter(options)
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(rewriter.write(chunk))
    },
    flush(controller) {
      controller.enqueue(rewriter.end())
    },
  })
}
