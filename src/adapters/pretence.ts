/**
 * A response that looks as if its headers were sent, while they are held.
 *
 * @module
 */
import { isHttp2, refuseHeaders, type AnyResponse } from './node-response.js'

export interface Pretence {
  /** From here on the response looks ended, too. */
  end(): void
  /**
   * Shows the response as it is, with the status it had when the pretence began.
   *
   * @returns Sets the status that was set since, which by then changes nothing but what can be read.
   */
  drop(): () => void
}

/** Begins to pretend. Changing a header throws what Node throws. */
export function pretend(response: AnyResponse): Pretence {
  const before = statusOf(response)
  const masks = [mask(response, { headersSent: true, ...refusals(response) })]
  return {
    end() {
      masks.push(mask(response, { writableEnded: true, finished: true }))
    },
    drop() {
      for (const unmask of masks.splice(0).reverse()) unmask()
      const since = statusOf(response)
      Object.assign(response, before)
      return () => Object.assign(response, since)
    },
  }
}

/** HTTP/2 has no message, and warns when asked for it. */
function statusOf(response: AnyResponse): Partial<AnyResponse> {
  const { statusCode } = response
  return isHttp2(response) ? { statusCode } : { statusCode, statusMessage: response.statusMessage }
}

function refusals(response: AnyResponse): Record<string, unknown> {
  const refusal =
    (method: string) =>
    (...args: unknown[]) =>
      refuseHeaders(response, method, args)
  const methods = ['setHeader', 'appendHeader', 'removeHeader', 'setHeaders']
  const present = methods.filter((method) => method in response)
  return Object.fromEntries(present.map((method) => [method, refusal(method)]))
}

/** Lays values over properties. @returns Takes them away again. */
function mask(target: object, values: Readonly<Record<string, unknown>>): () => void {
  const names = Object.keys(values)
  const own = names.map((name) => Object.getOwnPropertyDescriptor(target, name))
  for (const name of names) {
    const value = values[name]
    Object.defineProperty(target, name, { value, writable: true, configurable: true })
  }
  return () => {
    for (const [at, name] of names.entries()) {
      const before = own[at]
      if (before === undefined) Reflect.deleteProperty(target, name)
      else Object.defineProperty(target, name, before)
    }
  }
}
