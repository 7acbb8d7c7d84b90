/**
 * PHP's text for floats: the shortest digits that read back the same (`serialize_precision = -1`).
 *
 * @see ext/standard/var.c, `smart_str_append_double`; main/snprintf.c, `php_gcvt`
 * @module
 */

/** The text between `d:` and `;`. */
export function floatText(value: number): string {
  const size = Math.abs(value)
  // JavaScript and PHP agree on the digits everywhere, and on their layout in this range.
  if (size >= 1e-4 && size < 1e17) return String(value)
  if (size === 0) return Object.is(value, -0) ? '-0' : '0'
  if (size === Infinity) return value > 0 ? 'INF' : '-INF'
  if (value !== value) return 'NAN'
  return scientific(value)
}

/** `1.0E+25`, `1.5E-7`: always a point, always a sign, no padding. */
function scientific(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent}`
}
