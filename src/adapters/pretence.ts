/**
 * A response that looks as if its headers were sent, while they are held.
 *
 * HTTP/1 is made to look so by the two fields that Node itself looks at. HTTP/2 has accessors for them,
 * and gets a prototype that is laid over its own and taken away again. Properties defined on a response
 * and deleted turn it into a hash table: 9 µs.
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
  const later: Later = []
  const http1 = Object.hasOwn(response, '_header')
  const uncover = [http1 ? showSent(response) : lay(response, SENT), postpone(response, later)]
  return {
    end() {
      uncover.push(http1 ? showEnded(response) : lay(response, ENDED))
    },
    drop() {
      for (const undo of uncover.splice(0).reverse()) undo()
      const since = statusOf(response)
      setStatus(response, before)
      return () => {
        setStatus(response, since)
        for (const destroy of later) destroy()
      }
    },
  }
}

type Status = Pick<AnyResponse, 'statusCode'> & Partial<Pick<AnyResponse, 'statusMessage'>>

/** HTTP/2 has no message, and warns when asked for it. */
function statusOf(response: AnyResponse): Status {
  const { statusCode } = response
  return isHttp2(response) ? { statusCode } : { statusCode, statusMessage: response.statusMessage }
}

function setStatus(response: AnyResponse, status: Status): void {
  response.statusCode = status.statusCode
  if (isHttp2(response) || status.statusMessage === response.statusMessage) return
  response.statusMessage = status.statusMessage as string
}

/** Node's own methods then refuse headers, in its own words. */
function showSent(response: AnyResponse): () => void {
  const { _header: header } = response
  response._header = 'held'
  return () => {
    response._header = header
  }
}

function showEnded(response: AnyResponse): () => void {
  const { finished } = response
  response.finished = true
  return () => {
    response.finished = finished
  }
}

/** What differs from a prototype, and the prototypes made of that, one for each kind of response. */
interface Look {
  readonly valuesOver: (prototype: object) => Readonly<Record<string, unknown>>
  readonly layers: WeakMap<object, object>
}

const SENT: Look = {
  valuesOver: (prototype) => ({ headersSent: true, ...refusals(prototype) }),
  layers: new WeakMap(),
}

const ENDED: Look = {
  valuesOver: () => ({ writableEnded: true, finished: true }),
  layers: new WeakMap(),
}

/** @returns Takes the look away again. */
function lay(response: AnyResponse, look: Look): () => void {
  const prototype = Object.getPrototypeOf(response) as object
  const layer = layerOver(prototype, look)
  const own = shadowsOf(response, layer)
  for (const name of own.keys()) Reflect.set(response, name, Reflect.get(layer, name))
  Object.setPrototypeOf(response, layer)
  return () => {
    Object.setPrototypeOf(response, prototype)
    for (const [name, value] of own) Reflect.set(response, name, value)
  }
}

function layerOver(prototype: object, { valuesOver, layers }: Look): object {
  let layer = layers.get(prototype)
  if (layer === undefined) {
    layer = Object.create(prototype) as object
    for (const [name, value] of Object.entries(valuesOver(prototype))) {
      Object.defineProperty(layer, name, { value, writable: true, configurable: true })
    }
    layers.set(prototype, layer)
  }
  return layer
}

/** Properties of the response itself, which a prototype does not cover. */
function shadowsOf(response: object, layer: object): Map<string, unknown> {
  const own = new Map<string, unknown>()
  for (const name of Object.getOwnPropertyNames(layer)) {
    if (Object.hasOwn(response, name)) own.set(name, Reflect.get(response, name))
  }
  return own
}

function refusals(prototype: object): Record<string, unknown> {
  const methods = ['setHeader', 'appendHeader', 'removeHeader', 'setHeaders']
  const present = methods.filter((method) => method in prototype)
  return Object.fromEntries(
    present.map((method) => [
      method,
      function (this: AnyResponse, ...args: unknown[]) {
        return refuseHeaders(this, method, args)
      },
    ]),
  )
}

/** What to destroy when what is held has gone out. */
type Later = (() => void)[]

const LATER = Symbol('later')

/** A response or a socket: `destroy` waits while there is such a list. */
interface Postponing {
  destroy: Method
  [LATER]?: Later | undefined
}

/**
 * What was sent before the connection is destroyed does arrive: Express destroys it after a second
 * `res.send()`, and the first one has been seen. So what is held goes out before.
 */
function postpone(response: AnyResponse, later: Later): () => void {
  const socket = isHttp2(response) ? null : (response.socket as Postponing | null)
  const targets: Postponing[] = socket === null ? [response] : [response, socket]
  for (const target of targets) {
    // Once for a response, and for a connection; it stays.
    if (!(LATER in target)) Object.assign(target, delay(target))
    target[LATER] = later
  }
  return () => {
    for (const target of targets) target[LATER] = undefined
  }
}

function delay(target: object): { readonly destroy: Method } {
  const node = (target as Postponing).destroy
  function destroy(this: Postponing, ...args: unknown[]): unknown {
    const later = this[LATER]
    if (later === undefined) return node.apply(this, args)
    later.push(() => this.destroy(...args))
    return this
  }
  return { destroy: destroy as Method }
}
