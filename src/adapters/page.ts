/**
 * Which responses are pages that the URL rewriter may change.
 *
 * @module
 */
import { createUrlRewriter, type UrlRewriterOptions } from '../http/url-rewriter.js'

/** How pages get the id where the manager says `useTransSid`. `undefined` means the default. */
export type PageRewriting = Pick<UrlRewriterOptions, 'formHosts' | 'separator' | 'htmlAware'>

/** What is told of a response, in no framework's words. */
export interface PageHead {
  readonly status: number
  readonly type: string | undefined
  readonly encoding: string | undefined
}

/** Headers that describe the page as it was before. */
export const OUTDATED = ['content-length', 'etag'] as const

const HTML = /^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i
/** In these a byte below 128 is not the character of it. */
const WIDE = /charset\s*=\s*"?\s*(?:utf-?(?:7|16|32)|ucs-?[24]|iso-10646)/i
const NO_WHOLE_BODY: ReadonlySet<number> = new Set([204, 205, 206, 304])

/**
 * Whether it is a page to put ids into: HTML, whole, and not compressed.
 *
 * PHP differs: it rewrites whatever a script puts out.
 */
export function isPage({ status, type = '', encoding = '' }: PageHead): boolean {
  if (status < 200 || NO_WHOLE_BODY.has(status)) return false
  return HTML.test(type) && !WIDE.test(type) && /^\s*(?:identity)?\s*$/i.test(encoding)
}

/** @throws {TypeError} For an option that the rewriter does not take. */
export function assertPageRewriting(options: PageRewriting): void {
  createUrlRewriter({ name: '', id: '', ...options })
}
