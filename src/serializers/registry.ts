/**
 * Serializers by the names of PHP's `session.serialize_handler`.
 *
 * @module
 */
import type { Serializer } from '../serializer.js'
import { jsonSerializer } from './json.js'
import { phpSerializeSerializer } from './php-serialize.js'
import { phpSerializer } from './php.js'
import { v8Serializer } from './v8.js'

const SERIALIZERS: ReadonlyMap<string, Serializer> = new Map(
  [phpSerializer, phpSerializeSerializer, jsonSerializer, v8Serializer].map((serializer) => [
    serializer.name,
    serializer,
  ]),
)

/** Formats of PHP extensions, which a PHP application may be set to. */
const UNSUPPORTED: readonly string[] = ['igbinary', 'msgpack']

/**
 * The serializer of a name, in any letter case.
 *
 * @throws {TypeError} For a name there is none for.
 * @see https://www.php.net/session.configuration#ini.session.serialize-handler
 */
export function serializerFor(name: string): Serializer {
  const key = typeof name === 'string' ? name.toLowerCase() : ''
  const serializer = SERIALIZERS.get(key)
  if (serializer !== undefined) return serializer
  const known = [...SERIALIZERS.keys()].join(', ')
  if (UNSUPPORTED.includes(key)) {
    throw new TypeError(`serializer "${key}" is not supported; known are ${known}`)
  }
  throw new TypeError(`unknown serializer; known are ${known}`)
}
