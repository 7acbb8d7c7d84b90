/**
 * One URL with the session id added, by the rules of PHP's URL rewriter.
 *
 * @module
 * @see php-src ext/standard/url_scanner_ex.re
 */
import { parsePhpUrl, type PhpUrl } from '../lib/php-url.js'

/** What is added, and where it may go. Text is a byte a character. */
export interface Propagation {
  /** `name=id`, encoded. */
  readonly pair: string
  /** Between two arguments: PHP's `arg_separator.output`. */
  readonly separator: string
  /** Hosts in lower case whose links get the id: PHP's `session.trans_sid_hosts`. */
  readonly hosts: ReadonlySet<string>
}

/**
 * Adds the session id to a URL, or leaves the URL as it is: a fragment alone, another scheme or host,
 * and what PHP cannot parse.
 *
 * PHP's way is followed to the letter: `user:pw@` comes out as `userpw:@`, and control characters as
 * `_`.
 */
export function rewriteUrl(url: string, { pair, separator, hosts }: Propagation): string {
  const parts = parsePhpUrl(url)
  if (parts === undefined || url.startsWith('#') || !mayGoTo(parts, hosts)) return url
  const { path, query, fragment } = parts
  if (path === undefined && query === undefined && fragment === undefined) return `${url}/?${pair}`
  const asked = query === undefined ? pair : query + separator + pair
  const end = fragment === undefined ? '' : `#${fragment}`
  return `${originOf(url, parts)}${path ?? ''}?${asked}${end}`
}

/**
 * The same for people who read HTML as browsers do: nothing of the URL changes but that the id is in
 * its query, once.
 */
export function rewriteUrlOnce(url: string, propagation: Propagation): string {
  const { pair, separator, hosts } = propagation
  const parts = parsePhpUrl(url.trim())
  if (parts === undefined || /^\s*#/.test(url) || !mayGoTo(parts, hosts)) return url
  const hash = url.indexOf('#')
  const end = hash < 0 ? '' : url.slice(hash)
  const base = hash < 0 ? url : url.slice(0, hash)
  const mark = base.indexOf('?')
  const name = pair.slice(0, pair.indexOf('=') + 1)
  if (mark < 0) return `${base}${parts.host !== undefined && !parts.path ? '/' : ''}?${pair}${end}`
  const others = base
    .slice(mark + 1)
    .split(/&amp;|&/)
    .filter((word) => word !== '' && !word.startsWith(name))
  return `${base.slice(0, mark)}?${[...others, pair].join(separator)}${end}`
}

/** Whether the id may be told there. */
export function mayGoTo({ scheme, host }: PhpUrl, hosts: ReadonlySet<string>): boolean {
  if (scheme !== undefined && !/^https?$/i.test(scheme)) return false
  return host === undefined || hosts.has(host.toLowerCase())
}

function originOf(url: string, { scheme, user, pass, host, port }: PhpUrl): string {
  const start = scheme === undefined ? (url.startsWith('//') ? '//' : '') : `${scheme}://`
  const login = user === undefined && pass === undefined ? '' : `${user ?? ''}${loginEnd(pass)}`
  return `${start}${login}${host ?? ''}${port ? `:${port}` : ''}`
}

/** The colon stands behind the password there. */
function loginEnd(pass: string | undefined): string {
  return pass === undefined ? '@' : `${pass}:@`
}
