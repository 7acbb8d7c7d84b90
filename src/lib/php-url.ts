/**
 * PHP's `parse_url()`: not RFC 3986, but what decides which links PHP's URL rewriter touches.
 *
 * @module
 * @see php-src ext/standard/url.c
 */

/** Parts of a URL; what is not there is `undefined`, what is there and empty is empty. */
export interface PhpUrl {
  readonly scheme?: string
  readonly user?: string
  readonly pass?: string
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly query?: string
  readonly fragment?: string
}

const SCHEME = /^[A-Za-z0-9+.-]+$/
const LARGEST_PORT = 65_535

/**
 * Parses a URL. Control characters become `_`, as there.
 *
 * @param url Text, a byte a character.
 * @returns `undefined` for what PHP calls malformed.
 */
export function parsePhpUrl(url: string): PhpUrl | undefined {
  const colon = url.indexOf(':')
  if (colon === 0) return afterPort(url, 0)
  if (colon < 0) return url.startsWith('//') ? authority(url, 2, {}) : tail(url, 0, {})
  if (SCHEME.test(url.slice(0, colon))) return afterScheme(url, colon)
  const stop = url.search(/[?#]/)
  if (colon + 1 < url.length && (stop < 0 || colon < stop)) return afterPort(url, colon)
  return url.startsWith('//') ? authority(url, 2, {}) : tail(url, 0, {})
}

/** What follows `scheme:`, which may also be `host:port`. */
function afterScheme(url: string, colon: number): PhpUrl | undefined {
  const scheme = clean(url.slice(0, colon))
  const start = colon + 1
  if (start === url.length) return { scheme }
  if (url[start] !== '/') {
    const digits = /^\d*(?=\/|$)/.exec(url.slice(start))
    if (digits !== null && digits[0].length < 6) return afterPort(url, colon)
    return tail(url, start, { scheme })
  }
  if (url[start + 1] !== '/') return tail(url, start, { scheme })
  if (scheme.toLowerCase() === 'file' && url[start + 2] === '/') {
    // A drive letter of Windows has no slash before it.
    return tail(url, url[start + 4] === ':' ? start + 3 : start + 2, { scheme })
  }
  return authority(url, start + 2, { scheme })
}

/** A first colon that no scheme stands before: a port, or an ordinary character. */
function afterPort(url: string, colon: number): PhpUrl | undefined {
  const digits = /^\d{0,6}/.exec(url.slice(colon + 1))?.[0] ?? ''
  const end = colon + 1 + digits.length
  const relative = url.startsWith('//')
  if (digits !== '' && digits.length < 6 && (end === url.length || url[end] === '/')) {
    const port = Number(digits)
    return port > LARGEST_PORT ? undefined : authority(url, relative ? 2 : 0, { port })
  }
  if (digits === '' && end === url.length) return undefined
  return relative ? authority(url, 2, {}) : tail(url, 0, {})
}

/** `user:pass@host:port`, and what follows. */
function authority(url: string, start: number, known: PhpUrl): PhpUrl | undefined {
  const length = url.slice(start).search(/[/?#]/)
  const end = length < 0 ? url.length : start + length
  const text = url.slice(start, end)
  const at = text.lastIndexOf('@')
  const place = hostOf(text.slice(at + 1), known.port)
  if (place === undefined) return undefined
  const parts = { ...known, ...(at < 0 ? {} : loginOf(text.slice(0, at))), ...place }
  return end === url.length ? parts : tail(url, end, parts)
}

function loginOf(login: string): PhpUrl {
  const colon = login.indexOf(':')
  if (colon < 0) return { user: clean(login) }
  return { user: clean(login.slice(0, colon)), pass: clean(login.slice(colon + 1)) }
}

function hostOf(text: string, known: number | undefined): PhpUrl | undefined {
  const colon = text.startsWith('[') && text.endsWith(']') ? -1 : text.lastIndexOf(':')
  const host = colon < 0 ? text : text.slice(0, colon)
  const port = colon < 0 || known ? known : portOf(text.slice(colon + 1))
  if (host === '' || port === 'bad') return undefined
  return { host: clean(host), ...(port === undefined ? {} : { port }) }
}

/** As C's strtol reads it: blanks and a sign before the digits, anything after them. */
function portOf(text: string): number | 'bad' | undefined {
  if (text.length > 5) return 'bad'
  if (text === '') return undefined
  const number = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1]
  const port = Number(number ?? NaN)
  return port >= 0 && port <= LARGEST_PORT ? port : 'bad'
}

/** Path, query and fragment. */
function tail(url: string, start: number, known: PhpUrl): PhpUrl {
  const hash = url.indexOf('#', start)
  const beforeHash = hash < 0 ? url.length : hash
  const mark = url.slice(0, beforeHash).indexOf('?', start)
  const end = mark < 0 ? beforeHash : mark
  return {
    ...known,
    ...(start < end || start === url.length ? { path: clean(url.slice(start, end)) } : {}),
    ...(mark < 0 ? {} : { query: clean(url.slice(mark + 1, beforeHash)) }),
    ...(hash < 0 ? {} : { fragment: clean(url.slice(hash + 1)) }),
  }
}

function clean(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, '_')
}
