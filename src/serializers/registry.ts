/**
 * Serializers by the names of PHP's `session.serialize_handler`.
 *
 * @module
 */
import { plainRules, type SerializerOptions } from '../php/codec-options.js'
import type { Serializer } from '../serializer.js'
import { jsonSerializer } from './json.js'
import { createPhpBinarySerializer, phpBinarySerializer } from './php-binary.js'
import { createPhpSerializeSerializer, phpSerializeSerializer } from './php-serialize.js'
import { createPhpSerializer, phpSerializer } from './php.js'
import { v8Serializer } from './v8.js'
import { createWddxSerializer, wddxSerializer } from './wddx.js'

/** A serializer, and how to make one with options; those that are not PHP's have none. */
interface Entry {
  readonly plain: Serializer
  readonly create?: (options: SerializerOptions) => Serializer
}

const ENTRIES: readonly Entry[] = [
  { plain: phpSerializer, create: createPhpSerializer },
  { plain: phpBinarySerializer, create: createPhpBinarySerializer },
  { plain: phpSerializeSerializer, create: createPhpSerializeSerializer },
  {
    plain: wddxSerializer,
    create: (options) => createWddxSerializer(plainRules('wddx', options)),
  },
  { plain: jsonSerializer },
  { plain: v8Serializer },
]

const SERIALIZERS: ReadonlyMap<string, Entry> = new Map(
  ENTRIES.map((entry) => [entry.plain.name, entry]),
)

/** Formats of PHP extensions, which a PHP application may be set to. */
const UNSUPPORTED: readonly string[] = ['igbinary', 'msgpack']

/**
 * The serializer of a name, in any letter case.
 *
 * @throws {TypeError | RangeError} For a name there is none for, or an option it does not have.
 * @see https://www.php.net/session.configuration#ini.session.serialize-handler
 */
export function serializerFor(name: string, options?: SerializerOptions): Serializer {
  const key = typeof name === 'string' ? name.toLowerCase() : ''
  const entry = SERIALIZERS.get(key)
  if (entry === undefined) return refuse(key)
  if (options === undefined) return entry.plain
  if (entry.create === undefined) throw new TypeError(`serializer "${key}" has no options`)
  return entry.create(options)
}

function refuse(key: string): never {
  const known = [...SERIALIZERS.keys()].join(', ')
  if (UNSUPPORTED.includes(key)) {
    throw new TypeError(`serializer "${key}" is not supported; known are ${known}`)
  }
  throw new TypeError(`unknown serializer; known are ${known}`)
}
