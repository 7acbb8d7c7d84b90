/** Response headers as data: what the session asks for, whatever sends it. */

/** Name in its usual letter case, and value. */
export type Header = readonly [name: string, value: string]

/** In the order to send them. `Set-Cookie` may come several times. */
export type HeaderList = readonly Header[]
