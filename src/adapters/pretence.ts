/**
 * A response that looks as if its headers were sent, while they are held.
 *
 * @module
 */
import { isHttp2, refuseHeaders, type AnyResponse, type Method } from './node-response.js'

export interface Pretence {
  /** From here on the response looks ended, too. */
  end(): void
  /**
   * Shows the response as it is, with the status it had when the pretence began.
   *
   * @returns What is left to do when everything held was done: to set the status that was set
   *   since, which by then changes nothing but what can be read, and to destroy what was destroyed.
   */
  drop(): () => void
}

/** Begins to pretend. Changing a header throws what Node throws. */
export function pretend(response: AnyResponse): Pretence {
  const before = statusOf(response)
  const destroyed: (() => void)[] = []
  const masks = [
    mask(response, { headersSent: true, ...refusals(response) }),
    ...postpone(response, destroyed),
  ]
  return {
    end() {
      masks.push(mask(response, { writableEnded: true, finished: true }))
    },
    drop() {
      for (const unmask of masks.splice(0).reverse()) unmask()
      const since = statusOf(response)
      Object.assign(response, before)
      return () => {
        Object.assign(response, since)
        for (const destroy of destroyed) destroy()
      }
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

/**
 * What was sent before the connection is destroyed does arrive: Express destroys it after a second
 * `res.send()`, and the first one has been seen. So what is held goes out before.
 */
function postpone(response: AnyResponse, destroyed: (() => void)[]): (() => void)[] {
  const targets = isHttp2(response) ? [response] : [response, response.socket]
  return targets.flatMap((target) => {
    if (target === null) return []
    const node: Method = target.destroy
    const destroy = (...args: unknown[]) => {
      destroyed.push(() => node.apply(target, args))
      return target
    }
    return [mask(target, { destroy })]
  })
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
