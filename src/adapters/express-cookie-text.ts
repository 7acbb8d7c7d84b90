/**
 * The text of a `Set-Cookie` header as express-session writes it: not PHP's order, not PHP's case.
 *
 *     NAME=VALUE; Domain=D; Path=P; Expires=DATE; HttpOnly; Secure; Partitioned; Priority=P; SameSite=S
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
 */

/** What the text is made of; `null` and `undefined` leave an attribute out. */
export interface CookieAttributes {
  readonly domain?: string | null | undefined
  readonly path?: string | null | undefined
  readonly expires?: Date | null | undefined
  readonly httpOnly?: boolean | undefined
  readonly secure?: boolean | 'auto' | undefined
  readonly partitioned?: boolean | undefined
  readonly priority?: string | undefined
  readonly sameSite?: boolean | string | undefined
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const DOMAIN =
  /^\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i
const PATH = /^[\x20-\x3a\x3d-\x7e]*$/

/**
 * The header's value.
 *
 * @throws {TypeError} Naming the part that a cookie cannot have.
 */
export function cookieText(name: string, value: string, attributes: CookieAttributes): string {
  if (!NAME.test(name)) throw new TypeError('argument name is invalid')
  const { httpOnly, secure, partitioned } = attributes
  return [
    `${name}=${encodeURIComponent(value)}`,
    domainOf(attributes),
    pathOf(attributes),
    expiresOf(attributes),
    httpOnly && 'HttpOnly',
    secure && 'Secure',
    partitioned && 'Partitioned',
    wordOf('Priority', attributes.priority, PRIORITIES),
    sameSiteOf(attributes),
  ]
    .filter(Boolean)
    .join('; ')
}

function domainOf({ domain }: CookieAttributes): string | undefined {
  if (!domain) return undefined
  if (!DOMAIN.test(domain)) throw new TypeError('option domain is invalid')
  return `Domain=${domain}`
}

function pathOf({ path }: CookieAttributes): string | undefined {
  if (!path) return undefined
  if (!PATH.test(path)) throw new TypeError('option path is invalid')
  return `Path=${path}`
}

function expiresOf({ expires }: CookieAttributes): string | undefined {
  if (!expires) return undefined
  if (!(expires instanceof Date) || Number.isNaN(expires.getTime())) {
    throw new TypeError('option expires is invalid')
  }
  return `Expires=${expires.toUTCString()}`
}

function sameSiteOf({ sameSite }: CookieAttributes): string | undefined {
  const word = sameSite === true ? 'strict' : sameSite
  return word === false ? undefined : wordOf('SameSite', word, SAME_SITES)
}

const PRIORITIES = ['Low', 'Medium', 'High']
const SAME_SITES = ['Strict', 'Lax', 'None']

/** An attribute that takes one of a few words, in any case. */
function wordOf(
  attribute: string,
  given: string | undefined,
  words: readonly string[],
): string | undefined {
  if (!given) return undefined
  const word = words.find((each) => each.toLowerCase() === String(given).toLowerCase())
  if (word === undefined) {
    throw new TypeError(`option ${attribute[0]?.toLowerCase()}${attribute.slice(1)} is invalid`)
  }
  return `${attribute}=${word}`
}
