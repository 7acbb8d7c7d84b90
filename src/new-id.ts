/**
 * Where the ids of new sessions come from.
 *
 * @module
 */
import type { Activation } from './context.js'
import type { Chain, MaybePromise } from './handler.js'
import {
  createIdGenerator,
  createUniqueId,
  type IdGenerator,
  type IdOptions,
} from './id/generate.js'
import { assertValidId } from './id/validate.js'
import { run, wait, type Flow } from './lib/flow.js'
import { call, type Caller, type SessionHost } from './session-calls.js'

/**
 * The chain's own ids where a handler makes any, else those of the generator.
 *
 * @throws {TypeError | RangeError} For options of a generator that cannot be.
 */
export function idSource(
  chain: Chain,
  id: IdOptions | IdGenerator | undefined,
): SessionHost['newId'] {
  const { createId } = chain
  if (createId !== undefined) return (context) => run(checkedId(createId(context)))
  const generator = isGenerator(id) ? id : createIdGenerator(id)
  return isGenerator(id) ? () => run(checkedId(generator.generate())) : () => generator.generate()
}

function isGenerator(id: IdOptions | IdGenerator | undefined): id is IdGenerator {
  return typeof (id as IdGenerator | undefined)?.generate === 'function'
}

function* checkedId(made: MaybePromise<string>): Flow<string> {
  const id = yield* wait(made)
  assertValidId(id)
  return id
}

/**
 * An id with a prefix, unknown to storage.
 *
 * PHP differs: it asks storage for the id without the prefix, so a collision goes unnoticed.
 *
 * @throws {InvalidIdError} When prefix and id do not make an id.
 */
export async function createPrefixedId(
  caller: Caller,
  prefix: string,
  context: Activation,
): Promise<string> {
  const { chain, newId } = caller.host
  const { validateId } = chain
  const generate = async () => {
    const id = prefix + (await newId(context))
    assertValidId(id)
    return id
  }
  return createUniqueId(
    { generate },
    async (id) => {
      if (validateId === undefined) return false
      return await run(call(caller, 'validateId', () => validateId(id, context)))
    },
    ATTEMPTS,
  )
}

/** As often as `session_create_id()` tries. */
const ATTEMPTS = 3
