/**
 * The bytes that PHP's serialized text is made of.
 *
 * `const enum`, because the bundler then writes the numbers where they are used; module constants
 * would be looked up at every byte (a fifth of the reader's time, tests/bench/php-codec.bench.ts).
 */
export const enum Byte {
  Quote = 0x22,
  Plus = 0x2b,
  Minus = 0x2d,
  Point = 0x2e,
  Zero = 0x30,
  One = 0x31,
  Nine = 0x39,
  Colon = 0x3a,
  Semicolon = 0x3b,
  UpperE = 0x45,
  Backslash = 0x5c,
  LowerE = 0x65,
  OpenBrace = 0x7b,
  CloseBrace = 0x7d,
  /** The last byte of ASCII. */
  Ascii = 0x7f,
}

/** First bytes of values. */
export const enum Tag {
  /** `N;` */
  Null = 0x4e,
  /** `b:1;` */
  Bool = 0x62,
  /** `i:5;` */
  Int = 0x69,
  /** `d:0.5;` */
  Float = 0x64,
  /** `s:1:"a";` */
  String = 0x73,
  /** `S:1:"\61";` */
  Escaped = 0x53,
  /** `a:1:{...}` */
  Array = 0x61,
  /** `O:1:"A":1:{...}` */
  Object = 0x4f,
  /** `C:1:"A":1:{...}` */
  Custom = 0x43,
  /** `E:3:"A:B";` */
  Enum = 0x45,
  /** `r:1;` */
  SameObject = 0x72,
  /** `R:1;` */
  Reference = 0x52,
}
