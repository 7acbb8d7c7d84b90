/** Work on a response's headers at the last moment before they leave. */
import { headersArgument, type AnyResponse } from './node-response.js'
import type { HeaderValue } from './response-headers.js'

/**
 * Calls back once, before the first header leaves; every header can be read and set then, those
 * that `writeHead` was called with included.
 */
export function beforeHeaders(response: AnyResponse, work: () => void): void {
  const { writeHead } = response
  let called = false
  response.writeHead = (...args) => {
    if (called || response.headersSent) return writeHead.apply(response, args)
    const rest = takeHeaders(response, args)
    called = true
    work()
    return writeHead.apply(response, rest)
  }
}

/** Moves the headers among the arguments of `writeHead` into the response. @returns The others. */
function takeHeaders(response: AnyResponse, args: readonly unknown[]): unknown[] {
  const [status] = args
  if (typeof status === 'number') response.statusCode = status
  const given = headersArgument(args)
  for (const [name, values] of grouped(pairsOf(given))) {
    if (name !== '')
      response.setHeader(name, (values.length === 1 ? values[0] : values.flat()) as HeaderValue)
  }
  return typeof args[1] === 'string' ? args.slice(0, 2) : args.slice(0, 1)
}

/** A list may say a name several times. */
function grouped(pairs: Iterable<readonly [unknown, unknown]>): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>()
  for (const [name, value] of pairs) {
    groups.set(String(name), [...(groups.get(String(name)) ?? []), value])
  }
  return groups
}

function pairsOf(given: ReturnType<typeof headersArgument>): (readonly [unknown, unknown])[] {
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) return Object.entries(given)
  if (Array.isArray(given[0])) return given as [unknown, unknown][]
  const pairs: (readonly [unknown, unknown])[] = []
  for (let at = 0; at < given.length; at += 2) pairs.push([given[at], given[at + 1]])
  return pairs
}
