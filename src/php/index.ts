/**
 * PHP's value formats by themselves: `serialize()`, `unserialize()`, and the values for which
 * JavaScript has no type.
 *
 * @module
 */
export { serializerFor } from '../serializers/registry.js'
export { serialize } from './serialize.js'
export { unserialize } from './unserialize.js'
export { PhpEnum, PhpObject, PhpReference, PhpSerializable } from './values.js'

export type { Serializer, SessionData } from '../serializer.js'
export type { SerializeOptions } from './serialize.js'
export type { UnserializeOptions } from './unserialize.js'
export type { PhpProperty, PhpVisibility } from './members.js'
