/**
 * Numbers, ages, sizes and ids as people read them.
 *
 * @module
 */

/** `1,234,567` */
export function count(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** `1 session`, `2 sessions` */
export function sessions(value: number): string {
  return `${count(value)} session${value === 1 ? '' : 's'}`
}

const SPANS: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
]

/** `12 s`, `5 min`, `3 h`, `2 d`: the largest unit that there are two of, or one of minutes. */
export function duration(seconds: number): string {
  const size = Math.max(0, seconds)
  for (const [span, unit] of SPANS) {
    if (size >= (unit === 'min' ? span : 2 * span)) return `${Math.floor(size / span)} ${unit}`
  }
  return `${Math.floor(size)} s`
}

const SIZES = ['B', 'KB', 'MB', 'GB', 'TB']

/** `812 B`, `1.5 KB`: 1024 of one are one of the next. */
export function bytes(value: number): string {
  let size = value
  let unit = 0
  while (size >= 1024 && unit < SIZES.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${SIZES[unit]}`
}

/** Characters of an id that are shown: they tell sessions apart and open none. */
const SHOWN = 8

/**
 * An id as it is printed: its beginning, as the whole is a secret.
 *
 * @param full Whether the user asked for the whole.
 */
export function shownId(id: string, full: boolean): string {
  const text = harmless(id)
  return full || text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`
}

/** Text without what a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
