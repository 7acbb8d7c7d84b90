/**
 * The contexts of sessions.
 *
 * @module
 */
import { NEVER, type Activation } from './context.js'
import type { LockMode, Ownership } from './handler.js'
import type { SessionRequest } from './http/propagation.js'
import type { Settings } from './options/options.js'

/** What an activation is for. */
export interface ActivationFields {
  readonly id?: string | undefined
  readonly isNew?: boolean
  readonly lock: LockMode
  readonly strict?: boolean
  readonly ownership?: Ownership | undefined
  readonly listed?: boolean
}

/** A context for one activation of a session. */
export function activation(
  settings: Settings,
  request: SessionRequest,
  fields: ActivationFields,
): Activation {
  return new OwnContext(settings, request, fields)
}

/** A class for its getter: in a literal of its own it costs V8 30 times as much. */
class OwnContext implements Activation {
  readonly savePath: string
  readonly name: string
  id: string | undefined
  isNew: boolean
  readonly readOnly: boolean
  readonly strict: boolean
  readonly lock: LockMode
  readonly lockWaitMs: number
  readonly lockLeaseMs: number
  closing = false
  readonly maxLifetime: number
  ownership: Ownership | undefined
  readonly listed: boolean
  readonly now: () => number
  touchedMs: number | undefined = undefined
  entered = 0
  /** Not `#request`: layers may wrap a context. */
  private readonly request: SessionRequest

  constructor(settings: Settings, request: SessionRequest, fields: ActivationFields) {
    this.savePath = settings.savePath
    this.name = settings.name
    this.id = fields.id
    this.isNew = fields.isNew ?? false
    this.readOnly = settings.readOnly
    this.strict = fields.strict ?? settings.useStrictMode
    this.lock = fields.lock
    this.lockWaitMs = settings.lockWaitMs
    this.lockLeaseMs = settings.lockLeaseMs
    this.maxLifetime = settings.gc.maxLifetime
    this.ownership = fields.ownership
    this.listed = fields.listed ?? false
    this.now = settings.now
    this.request = request
  }

  /** Asked for only by who has to wait: an adapter makes it then. */
  get signal(): AbortSignal {
    return this.request.signal ?? NEVER
  }
}
