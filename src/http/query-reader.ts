/**
 * Reads one argument out of a query as PHP fills `$_GET`: the last of a name counts, names are
 * decoded, their blanks and dots become `_`, and `name[...]` is an array, which is no text.
 *
 * @module
 * @see main/php_variables.c, php_register_variable_ex
 */
import { rawUrlDecode } from './cookie-reader.js'

/** As much as a header line of Node may have, and PHP's `max_input_vars`. */
const MAX_QUERY = 16_384
const MAX_PAIRS = 1000

/** A name that says so much may not come about by replacing characters. */
const PROMISE = /^__(?:Host|Secure)-/

/**
 * The value of an argument.
 *
 * @param url Path and query; text is a byte a character, and so is the value.
 * @returns `undefined` where there is none, or an array.
 */
export function readQuery(url: string, name: string): string | undefined {
  const mark = url.indexOf('?')
  if (mark < 0) return undefined
  let value: string | undefined
  for (const pair of url.slice(mark + 1, mark + 1 + MAX_QUERY).split('&', MAX_PAIRS)) {
    const equals = pair.indexOf('=')
    const label = decode(equals < 0 ? pair : pair.slice(0, equals)).replace(/^ +|\0.*/gs, '')
    const bracket = label.indexOf('[')
    const isArray = bracket >= 0 && label.includes(']', bracket)
    if ((isArray ? label.slice(0, bracket) : label).replace(/[ .[]/g, '_') !== name) continue
    if (PROMISE.test(name) && !PROMISE.test(label)) continue
    value = isArray ? undefined : equals < 0 ? '' : decode(pair.slice(equals + 1))
  }
  return value
}

function decode(text: string): string {
  return rawUrlDecode(text.replaceAll('+', ' '))
}
