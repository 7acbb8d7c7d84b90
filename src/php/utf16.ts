/**
 * Long text between UTF-16, which the engine keeps it in, and UTF-8. Two steps over bytes of UTF-16
 * beat the engine's one step where they pay for their calls (tests/bench/php-codec.bench.ts,
 * unicode).
 *
 * @module
 */
import * as nodeBuffer from 'node:buffer'

/** Absent where Node was built without ICU. */
const transcode = nodeBuffer.transcode as typeof nodeBuffer.transcode | undefined

/** From Node 24 on, the engine decodes UTF-8 as fast by itself. */
const NODE_24 = Number(process.versions.node.split('.')[0]) >= 24

/** Fewer characters, or bytes, are not worth it. */
const enum Long {
  Written = 1024,
  Read = 200,
}

/** What text is looked at to see whether the engine keeps it in two bytes a character. */
const PROBES = 32

/** Whether text is written faster by `writeWide`. */
export function isWide(text: string): boolean {
  const { length } = text
  if (length < Long.Written || transcode === undefined) return false
  const step = Math.trunc(length / PROBES)
  for (let at = 0; at < length; at += step) {
    if (text.charCodeAt(at) > 0xff) return true
  }
  return false
}

/**
 * Writes wide text as UTF-8, with room for five bytes a character.
 *
 * @returns How many bytes; -1 for half a surrogate pair.
 */
export function writeWide(view: Buffer, text: string, at: number): number {
  const from = at + text.length * 3
  const units = view.subarray(from, from + view.write(text, from, 'utf16le'))
  try {
    return (transcode as typeof nodeBuffer.transcode)(units, 'utf16le', 'utf8').copy(view, at)
  } catch {
    return -1
  }
}

/** Text of bytes that are UTF-8. */
export function decodeUtf8(bytes: Buffer): string {
  if (NODE_24 || bytes.length < Long.Read || transcode === undefined) return bytes.toString('utf8')
  return transcode(bytes, 'utf8', 'utf16le').toString('utf16le')
}
