/**
 * What turns a session's variables into bytes and back.
 *
 * @module
 */
import type { Payload } from './handler.js'

/** The variables of a session: a null-prototype object of plain values. */
export type SessionData = Record<string, unknown>

/**
 * A codec. Pure and synchronous: any bytes give data or a `DecodeError`, any data gives bytes or an
 * `EncodeError`, nothing else ever.
 */
export interface Serializer {
  /** PHP's `session.serialize_handler` name, where PHP has one. */
  readonly name: string
  /**
   * Whether `session.decode()` puts the decoded variables in the place of all others, as PHP does where
   * a session is one value (`php_serialize`). Else it lays them over the others. @default false
   */
  readonly replaces?: boolean | undefined
  /**
   * Bytes of the data; for empty data none, or what the format has for it (`a:0:{}`).
   *
   * @param previous What the data was decoded from. Variables that still equal what it holds are
   *   copied from it byte for byte, so nothing is lost for which JavaScript has no exact type. Equal
   *   data gives exactly the bytes of `previous`. Serializers that lose nothing ignore it.
   * @throws {EncodeError} With the path of the value that cannot be written.
   */
  encode(data: SessionData, previous?: Payload): Payload
  /**
   * Data of the bytes, a fresh null-prototype object; empty bytes give empty data.
   *
   * @throws {DecodeError} With the offset.
   */
  decode(payload: Payload): SessionData
}
