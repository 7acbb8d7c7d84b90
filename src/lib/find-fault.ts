/**
 * Looks through a value for what a codec cannot write, and says where it is.
 *
 * @module
 */

/** What is wrong, and the keys from the root to it. */
export interface Fault {
  readonly reason: string
  readonly path: readonly (string | number)[]
}

/** What lies in a container. Without names its values are numbered. */
export interface Parts {
  readonly values: readonly unknown[]
  readonly names?: readonly string[]
}

export interface FaultRules {
  /** Why this value cannot be written; `undefined` when it can. Its parts are asked for one by one. */
  readonly reasonAgainst: (value: unknown) => string | undefined
  /** What to look into. Only called for objects that can be written. */
  readonly partsOf: (value: object) => Parts | undefined
  /** Whether an object may contain itself. */
  readonly cycles: boolean
  /** Most containers within each other. */
  readonly maxDepth: number
}

interface Level {
  readonly source: object
  readonly parts: Parts
  index: number
}

/** The first fault, in the order of writing. Takes no stack, however deep the value is. */
export function findFault(root: unknown, rules: FaultRules): Fault | undefined {
  const levels: Level[] = []
  const open = new Set<object>()
  const reason = inspect(root, rules, { levels, open })
  if (reason !== undefined) return { reason, path: [] }
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (level.index === level.parts.values.length) {
      levels.pop()
      if (!rules.cycles) open.delete(level.source)
      continue
    }
    const value = level.parts.values[level.index]
    level.index += 1
    const path = levels.length
    const fault = inspect(value, rules, { levels, open })
    if (fault !== undefined) return { reason: fault, path: levels.slice(0, path).map(nameOf) }
  }
  return undefined
}

/** Judges one value; a container becomes the next level. */
function inspect(
  value: unknown,
  rules: FaultRules,
  { levels, open }: { readonly levels: Level[]; readonly open: Set<object> },
): string | undefined {
  const reason = rules.reasonAgainst(value)
  if (reason !== undefined || typeof value !== 'object' || value === null) return reason
  const parts = rules.partsOf(value)
  if (parts === undefined || parts.values.length === 0) return undefined
  if (open.has(value)) return rules.cycles ? undefined : 'a cycle'
  if (levels.length >= rules.maxDepth) return `nesting deeper than ${rules.maxDepth}`
  open.add(value)
  levels.push({ source: value, parts, index: 0 })
  return undefined
}

function nameOf({ parts, index }: Level): string | number {
  return parts.names?.[index - 1] ?? index - 1
}
