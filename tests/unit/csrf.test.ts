import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csrfToken, isCsrfToken } from '../../src/csrf.js'
import { createSessionManager } from '../../src/manager.js'

const A = { id: 'a'.repeat(32) }
const B = { id: 'b'.repeat(32) }

describe('a token', () => {
  it('is good for its session and purpose, and for no other', () => {
    const token = csrfToken(A, 'transfer')

    expect(isCsrfToken(A, token, 'transfer')).toBe(true)
    expect(isCsrfToken(B, token, 'transfer')).toBe(false)
    expect(isCsrfToken(A, token, 'delete')).toBe(false)
    expect(isCsrfToken(A, token)).toBe(false)
  })

  it('is another text each time, and holds no id', () => {
    const tokens = Array.from({ length: 100 }, () => csrfToken(A))

    expect(new Set(tokens).size).toBe(100)
    expect(tokens.every((token) => /^[A-Za-z0-9_-]{64}$/.test(token))).toBe(true)
    expect(tokens.some((token) => Buffer.from(token, 'base64url').includes(A.id))).toBe(false)
  })

  it('is over with the id', async () => {
    const session = await createSessionManager().start()
    session.set('user', 'anna')
    const token = csrfToken(session)
    expect(isCsrfToken(session, token)).toBe(true)

    await session.regenerate()

    expect(isCsrfToken(session, token)).toBe(false)
    expect(isCsrfToken(session, csrfToken(session))).toBe(true)
    await session.commit()
  })

  it('is refused with any character changed, cut or added', () => {
    const token = csrfToken(A)
    const changed = [...token].map((each, at) => {
      const other = each === 'A' ? 'B' : 'A'
      return token.slice(0, at) + other + token.slice(at + 1)
    })
    const cut = [...token].map((_, at) => token.slice(0, at))

    for (const each of [...changed, ...cut, `${token}A`, `${token}=`, ` ${token}`]) {
      expect(isCsrfToken(A, each)).toBe(false)
    }
  })

  it('is nothing else, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), (value) => !isCsrfToken(A, value)))
  })
})
