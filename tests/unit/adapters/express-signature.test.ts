import { describe, expect, it } from 'vitest'
import { readSessionId, signedId } from '../../../src/adapters/express-signature.js'

const ID = 'c9ef28de61b8a5f5c0a1d4b7e2f3a6b9'
const NAME = 'connect.sid'
const CHARACTERS = '.:%+/=-ABCabc019'

const read = (value: string, secrets = ['new secret', 'old secret']) =>
  readSessionId(
    { headers: { cookie: `${NAME}=${encodeURIComponent(value)}` } } as never,
    NAME,
    secrets,
  )

describe('a signed cookie', () => {
  it('names its id under any of the secrets, and under no other', () => {
    expect(read(signedId(ID, 'new secret'))).toBe(ID)
    expect(read(signedId(ID, 'old secret'))).toBe(ID)
    expect(read(signedId(ID, 'another secret'))).toBeUndefined()
    expect(read(signedId(ID, ''))).toBeUndefined()
  })

  it('is refused with any character changed, put in, taken out or cut off', () => {
    const good = signedId(ID, 'new secret')
    const accepted: string[] = []

    for (let at = 0; at <= good.length; at += 1) {
      const [before, after] = [good.slice(0, at), good.slice(at)]
      const bad = [before, after, before + after.slice(1)]
      for (const character of CHARACTERS) {
        bad.push(before + character + after, before + character + after.slice(1))
      }
      accepted.push(...bad.filter((value) => value !== good && read(value) !== undefined))
    }

    expect(accepted).toEqual([])
  })

  it('lends its signature to no other id', () => {
    const signature = signedId(ID, 'new secret').slice(`s:${ID}`.length)

    for (const id of ['', ID.slice(1), `${ID}.`, ID.toUpperCase(), 'f'.repeat(32)]) {
      expect(read(`s:${id}${signature}`)).toBeUndefined()
    }
    expect(read(ID)).toBeUndefined()
    expect(read(`s:${ID}`)).toBeUndefined()
  })
})
