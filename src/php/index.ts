/**
 * PHP's value formats by themselves: `serialize()`, `unserialize()`, and the values for which
 * JavaScript has no type.
 *
 * @module
 */
export { serializerFor } from '../serializers/registry.js'
export { dateTimeCodec } from './date-time.js'
export { serialize } from './serialize.js'
export { unserialize } from './unserialize.js'
export { PhpEnum, PhpFloat, PhpObject, PhpReference, PhpSerializable } from './values.js'

export type { Serializer, SessionData } from '../serializer.js'
export type { PhpClassCodec, PhpClasses, PhpClassValue } from './class-codec.js'
export type { SerializeOptions, SerializerOptions, UnserializeOptions } from './codec-options.js'
export type { PhpProperty, PhpVisibility } from './members.js'
