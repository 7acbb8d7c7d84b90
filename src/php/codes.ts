/** The bytes that PHP's serialized text is made of. */

export const QUOTE = 0x22
export const PLUS = 0x2b
export const MINUS = 0x2d
export const POINT = 0x2e
export const ZERO = 0x30
export const ONE = 0x31
export const NINE = 0x39
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const UPPER_E = 0x45
export const BACKSLASH = 0x5c
export const LOWER_E = 0x65
export const OPEN_BRACE = 0x7b
export const PIPE = 0x7c
export const CLOSE_BRACE = 0x7d

/** First bytes of values: `N; b: i: d: s: S: a: O: C: E: r: R:`. */
export const TAG = {
  null: 0x4e,
  bool: 0x62,
  int: 0x69,
  float: 0x64,
  string: 0x73,
  escaped: 0x53,
  array: 0x61,
  object: 0x4f,
  custom: 0x43,
  enum: 0x45,
  sameObject: 0x72,
  reference: 0x52,
} as const
