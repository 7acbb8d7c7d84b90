/**
 * Checks of options. They run at construction only; the message quotes the option and states the
 * whole valid range.
 *
 * @module
 */

/** @throws {TypeError} For what is no object of options, and for an option that does not exist, by name. */
export function assertKnownKeys(owner: string, options: object, known: object): void {
  if (Object(options) !== options) throw wrongType(owner, 'given options', options)
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(known, key)) {
      throw new TypeError(
        `${owner}: unknown option "${key}"; known are ${Object.keys(known).join(', ')}`,
      )
    }
  }
}

/** @throws {TypeError | RangeError} Unless it is an integer within the bounds. */
export function assertInteger(
  label: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== 'number') throw wrongType(label, `an integer in ${min}..${max}`, value)
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`"${label}" must be an integer in ${min}..${max}, got ${value}`)
  }
}

/** @throws {TypeError | RangeError} Unless it is a finite number within the bounds. */
export function assertNumber(
  label: string,
  value: unknown,
  min: number,
  max: number,
): asserts value is number {
  if (typeof value !== 'number') throw wrongType(label, `a number in ${min}..${max}`, value)
  if (!(value >= min && value <= max)) {
    throw new RangeError(`"${label}" must be a number in ${min}..${max}, got ${value}`)
  }
}

/** @throws {TypeError} Unless it is a boolean. */
export function assertBoolean(label: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw wrongType(label, 'true or false', value)
}

/** @throws {TypeError} Unless it is a string. */
export function assertString(label: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrongType(label, 'a string', value)
}

/** @throws {TypeError} Unless it is a function. */
export function assertFunction(label: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(label, 'a function', value)
}

/** @throws {TypeError | RangeError} Unless it is one of the words. */
export function assertOneOf<T extends string>(
  label: string,
  value: unknown,
  words: readonly T[],
): asserts value is T {
  const choice = words.map((word) => `"${word}"`).join(', ')
  if (typeof value !== 'string') throw wrongType(label, `one of ${choice}`, value)
  if (!(words as readonly string[]).includes(value)) {
    throw new RangeError(`"${label}" must be one of ${choice}`)
  }
}

/** The value's type only: an option may hold a secret. */
function wrongType(label: string, wanted: string, value: unknown): TypeError {
  return new TypeError(
    `"${label}" must be ${wanted}, got ${value === null ? 'null' : typeof value}`,
  )
}
