import { describe, expect, it } from 'vitest'
import { cookieScopes } from '../../../src/http/cookie-scopes.js'

const OWN = { path: '/', domain: '' }
const text = (own: typeof OWN, place: { path?: string; host?: string }) =>
  cookieScopes(own, place).map(({ path, domain }) => `${domain}${path}`)

describe('the places a cookie may come from', () => {
  it('are each part of the path, without and with its slash', () => {
    expect(text(OWN, { path: '/a/b/c' })).toEqual(['/a', '/a/', '/a/b', '/a/b/', '/a/b/c'])
    expect(text(OWN, { path: '/a/' })).toEqual(['/a', '/a/'])
    expect(text(OWN, { path: '/' })).toEqual([])
    expect(text(OWN, {})).toEqual([])
  })

  it('are the host and its parents of two labels and more', () => {
    expect(text(OWN, { host: 'a.B.example.com' })).toEqual([
      'a.b.example.com/',
      'b.example.com/',
      'example.com/',
    ])
  })

  it.each(['localhost', '127.0.0.1:8080', '[::1]:80', 'a b.com', 'a..b', '', 'a.b;c.d', 'é.com'])(
    'are no domains for the host %j',
    (host) => {
      expect(text(OWN, { host })).toEqual([])
    },
  )

  it('leave our own out, whatever its dot and letter case', () => {
    const own = { path: '/', domain: '.Example.com' }

    expect(text(own, { host: 'www.example.com' })).toEqual(['/', 'www.example.com/'])
  })

  it('leave out the folder of the request for a cookie that has no path of its own', () => {
    expect(text({ path: '', domain: '' }, { path: '/a/b' })).toEqual(['/', '/a/', '/a/b'])
    expect(text({ path: 'relative', domain: '' }, { path: '/b' })).toEqual(['/b'])
  })

  it('are twelve at most', () => {
    const place = { path: '/a/b/c/d/e/f/g/h', host: 'www.example.com' }

    expect(text(OWN, place)).toHaveLength(12)
    expect(text(OWN, { host: `${'a.'.repeat(120)}com` })).toHaveLength(12)
  })

  it.each(['/a/x;y/b', '/a/\r\nSet-Cookie: x/b', '/a/é/b', '/a/"b', '/a/b c', '/a/\\b'])(
    'end where a path has what no cookie path may have: %j',
    (path) => {
      expect(text(OWN, { path })).toEqual(['/a', '/a/'])
    },
  )

  it('are bounded for a long path', () => {
    expect(text(OWN, { path: '/a'.repeat(100_000) })).toHaveLength(12)
    expect(text(OWN, { path: `/${'a'.repeat(100_000)}` })).toEqual([])
  })

  it('are none of a path that is not one', () => {
    expect(text(OWN, { path: '*' })).toEqual([])
    expect(text(OWN, { path: 'http://evil.example/a' })).toEqual([])
  })
})
