/** Our own envelope as its drawing says it, in the plainest words: a second implementation. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'

/** What one envelope is made of. */
export interface EnvelopeParts {
  readonly key: Uint8Array
  readonly salt: Uint8Array
  readonly iv: Uint8Array
  readonly id: string
  readonly name: string
  readonly padding: number
}

const text = (words: string) => Buffer.from(words, 'utf8')
const hmac = (key: Uint8Array, message: Uint8Array) =>
  createHmac('sha256', key).update(message).digest()

function behindLength(words: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text(words).length)
  return Buffer.concat([length, text(words)])
}

function associated(header: Uint8Array, id: string, name: string): Buffer {
  const label = text('sessionz envelope 1\0')
  return Buffer.concat([label, header, behindLength(name), behindLength(id)])
}

export function naiveSeal(payload: Uint8Array, parts: EnvelopeParts): Buffer {
  const zeros = Buffer.alloc(parts.padding - 1 - (payload.length % parts.padding))
  return naiveSealPadded(Buffer.concat([payload, Buffer.of(0x80), zeros]), parts)
}

/** With padding of one's own, also such as nobody makes. */
export function naiveSealPadded(
  padded: Uint8Array,
  { key, salt, iv, id, name }: Omit<EnvelopeParts, 'padding'>,
): Buffer {
  const magic = Buffer.from('f5535a01', 'hex')
  const keyId = hmac(key, text('sessionz key id 1')).subarray(0, 8)
  const header = Buffer.concat([magic, keyId, salt, iv])
  const bound = associated(header, id, name)
  const cipher = createCipheriv('aes-256-gcm', hmac(key, bound), iv)
  cipher.setAAD(bound)
  const body = Buffer.concat([cipher.update(padded), cipher.final()])
  return Buffer.concat([header, body, cipher.getAuthTag()])
}

export function naiveOpen(
  sealed: Uint8Array,
  { key, id, name }: Pick<EnvelopeParts, 'key' | 'id' | 'name'>,
): Buffer {
  const bound = associated(sealed.subarray(0, 40), id, name)
  const decipher = createDecipheriv('aes-256-gcm', hmac(key, bound), sealed.subarray(28, 40))
  decipher.setAAD(bound)
  decipher.setAuthTag(sealed.subarray(-16))
  const padded = Buffer.concat([decipher.update(sealed.subarray(40, -16)), decipher.final()])
  return padded.subarray(0, padded.lastIndexOf(0x80))
}
