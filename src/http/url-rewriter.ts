/**
 * PHP's URL rewriter: pages on their way out get the session id in links and forms, for visitors
 * without cookies.
 *
 * An id in a URL leaks: by the `Referer` header, logs, bookmarks and shared links. It is off unless
 * asked for.
 *
 * @module
 */
import { assertBoolean, assertKnownKeys, assertString } from '../lib/check.js'
import { parsePhpUrl } from '../lib/php-url.js'
import { mayGoTo, rewriteUrl, rewriteUrlOnce, type Propagation } from './rewrite-url.js'
import { htmlScanner } from './url-scanner-html.js'
import type { Scanner } from './url-scanner-machine.js'
import { urlScanner } from './url-scanner.js'

/** What `createUrlRewriter` takes. */
export interface UrlRewriterOptions {
  /** Name of the session: PHP's `session.name`. */
  readonly name: string
  readonly id: string
  /** PHP's `session.trans_sid_tags`. @default 'a=href,area=href,frame=src,form=' */
  readonly tags?: string | undefined
  /** Hosts besides relative links, separated by commas: `session.trans_sid_hosts`. @default '' */
  readonly hosts?: string | undefined
  /** PHP's `url_rewriter.hosts`, which decides for forms. @default '' */
  readonly formHosts?: string | undefined
  /** The `Host` header: forms may name it where `formHosts` is empty. */
  readonly host?: string | undefined
  /** PHP's `arg_separator.output`. @default '&', and '&amp;' with `htmlAware` */
  readonly separator?: string | undefined
  /**
   * Reads pages as browsers do: scripts and comments are left alone, an id that is there already is
   * replaced, and each form is judged by its own action. PHP's rules otherwise, oddities included.
   *
   * @default false
   */
  readonly htmlAware?: boolean | undefined
}

/** A page on its way: pieces of any size, cut anywhere. */
export interface UrlRewriter {
  /** Takes the next piece. @returns What is decided of the page. */
  write(chunk: Uint8Array): Uint8Array
  /** Ends the page. @returns What was kept back. */
  end(): Uint8Array
}

/**
 * Makes a rewriter of one page in any encoding that is ASCII below 128. What it keeps back is one
 * attribute at the most.
 *
 * PHP differs: a link that browsers take for one to another host (`\\\\host`, `/\\host`, `//` behind
 * blanks) never gets the id.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or wrong.
 */
export function createUrlRewriter(options: UrlRewriterOptions): UrlRewriter {
  const scanner = scannerFor(checked(options))
  return {
    write: (chunk) => Buffer.from(scanner.push(latin1(chunk)), 'latin1'),
    end: () => Buffer.from(scanner.end(), 'latin1'),
  }
}

function latin1(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
}

const KNOWN = {
  name: '',
  id: '',
  tags: '',
  hosts: '',
  formHosts: '',
  host: '',
  separator: '',
  htmlAware: false,
} satisfies UrlRewriterOptions

function checked(options: UrlRewriterOptions): UrlRewriterOptions {
  assertKnownKeys('url-rewriter', options, KNOWN)
  const { name, id, tags, hosts, formHosts, host, separator, htmlAware = false } = options
  assertString('name', name)
  assertString('id', id)
  for (const [label, value] of Object.entries({ tags, hosts, formHosts, host, separator })) {
    if (value !== undefined) assertString(label, value)
  }
  assertBoolean('htmlAware', htmlAware)
  return options
}

export const TRANS_SID_TAGS = 'a=href,area=href,frame=src,form='

function scannerFor(options: UrlRewriterOptions): Scanner {
  const { name, id, htmlAware = false } = options
  const bytes = (text: string) => Buffer.from(text).toString('latin1')
  const propagation: Propagation = {
    pair: `${rawUrlEncode(bytes(name))}=${rawUrlEncode(bytes(id))}`,
    separator: options.separator || (htmlAware ? '&amp;' : '&'),
    hosts: hostsOf(options.hosts),
  }
  const field = `<input type="hidden" name="${escapeHtml(bytes(name))}" value="${escapeHtml(bytes(id))}" />`
  const tags = tagsOf(options.tags ?? TRANS_SID_TAGS)
  const formHosts = hostsOf(htmlAware ? (options.formHosts ?? options.hosts) : options.formHosts)
  const rewrite = htmlAware ? rewriteUrlOnce : rewriteUrl
  const scan = htmlAware ? htmlScanner : urlScanner
  return scan({
    attributeOf: (tag) => tags.get(tag),
    rewrite: (url) => (leadsAway(url) ? url : rewrite(url, propagation)),
    afterForm: (action) => (mayPostTo(action, formHosts, options.host) ? field : ''),
  })
}

/** Whether a browser sees a host where PHP sees a path: it drops blanks, and turns backslashes. */
function leadsAway(url: string): boolean {
  const seen = url.replace(/^[\x00-\x20]+|[\t\n\r]/g, '')
  return /^[/\\]{2}/.test(seen) && !url.startsWith('//')
}

/** One attribute for each tag; the first one named counts. */
export function tagsOf(list: string): Map<string, string> {
  const tags = new Map<string, string>()
  for (const entry of list.split(',')) {
    const at = entry.indexOf('=')
    const tag = entry.slice(0, at).toLowerCase()
    if (at >= 0 && !tags.has(tag)) tags.set(tag, entry.slice(at + 1))
  }
  return tags
}

/** Hosts in lower case, separated by commas. */
export function hostsOf(list = ''): Set<string> {
  const hosts = list.toLowerCase().split(',')
  return new Set(hosts.filter((host) => host !== ''))
}

function mayPostTo(
  action: string | undefined,
  hosts: ReadonlySet<string>,
  host: string | undefined,
): boolean {
  if (action === undefined) return true
  const parts = leadsAway(action) ? undefined : parsePhpUrl(action)
  if (parts === undefined) return false
  if (parts.host === undefined) return mayGoTo(parts, hosts)
  if (!mayGoTo({ ...parts, host: '' }, new Set(['']))) return false
  const own = host?.split(':')[0]?.toLowerCase()
  if (hosts.size === 0 && own !== undefined && parts.host.toLowerCase() === own) return true
  return hosts.has(parts.host)
}

/** PHP's `rawurlencode()`, of text with a byte a character. */
export function rawUrlEncode(text: string): string {
  return text.replace(
    /[^A-Za-z0-9._~-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#039;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}
