import { EncodeError, SessionError } from '../errors.js'
import { findFault, type FaultRules } from './find-fault.js'

/** Which values a format takes, and its name in errors. */
export interface EncodeRules extends FaultRules {
  readonly format: string
  /** What is told of data whose getters throw, and of all else that the writer finds too late. */
  readonly otherwise: string
}

/**
 * What `write` makes of data without a fault.
 *
 * @throws {EncodeError} For the first fault, with the way to it, and for whatever else goes wrong.
 */
export function encodeChecked<Encoded>(
  data: unknown,
  { format, otherwise, ...rules }: EncodeRules,
  write: () => Encoded,
): Encoded {
  try {
    const fault = findFault(data, rules)
    if (fault !== undefined) throw new EncodeError(format, fault.reason, fault.path)
    return write()
  } catch (error) {
    if (error instanceof SessionError) throw error
    throw new EncodeError(format, otherwise, [], { cause: error })
  }
}
