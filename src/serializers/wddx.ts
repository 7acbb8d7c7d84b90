/**
 * PHP's `wddx`, the XML of ext/wddx, which PHP had until 7.3.
 *
 * Wire format, all in one line:
 *
 *     <wddxPacket version='1.0'><header/><data><struct>
 *       <var name='NAME'>VALUE</var> ...
 *     </struct></data></wddxPacket>
 *
 *     VALUE  <null/>   <boolean value='true'/>   <number>5</number>   <string>TEXT</string>
 *            <binary length='N'>BASE64</binary>  <array length='N'>VALUE ...</array>
 *            <struct><var name='NAME'>VALUE</var> ...</struct>
 *
 * An object is a struct whose first variable is `php_class_name`. `<dateTime>` and `<recordset>` are
 * only read. No data is a packet without variables; no bytes are no data, too.
 *
 * @see ext/wddx/wddx.c, `PS_SERIALIZER_ENCODE_FUNC(wddx)` (PHP 7.3)
 * @module
 */
import type { Serializer } from '../serializer.js'
import { FORMAT, type WddxRules } from '../wddx/packet.js'
import { decodePacket } from '../wddx/read-packet.js'
import { encodePacket } from '../wddx/write-packet.js'

/** The serializer of resolved options. */
export function createWddxSerializer(rules: WddxRules): Serializer {
  return {
    name: FORMAT,
    encode: (data, previous) => encodePacket(data, previous, rules),
    decode: (payload) => decodePacket(payload, rules),
  }
}

/**
 * The variables of a session as PHP's `wddx` handler writes them, to 4096 levels.
 *
 * PHP differs: what it would lose is an `EncodeError`, or is written so that it is not lost.
 */
export const wddxSerializer: Serializer = createWddxSerializer({
  exact: false,
  maxDepth: 4096,
  maxLength: Infinity,
})
