/**
 * The part of Standard Schema v1 that is needed to ask any validator: zod, valibot, ArkType and others.
 *
 * @see https://standardschema.dev
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'

/** A validator of Standard Schema v1 whose output is an object. */
export interface StandardSchema<Data extends object = object> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => MaybePromise<StandardResult<Data>>
    readonly types?: { readonly input: unknown; readonly output: Data } | undefined
  }
}

/** What a validator answers. */
export type StandardResult<Data> =
  | { readonly value: Data; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** Why a value does not fit. Messages may quote the value, so they go nowhere from here. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The variables that do not fit, by name; none where the whole does not. */
export function keysOf(issues: readonly StandardIssue[]): string[] {
  const keys = issues.flatMap(({ path = [] }) => path.slice(0, 1)).map(nameOf)
  return [...new Set(keys)]
}

function nameOf(segment: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof segment === 'object' ? segment.key : segment)
}
