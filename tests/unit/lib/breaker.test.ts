import { describe, expect, it } from 'vitest'
import { createBreaker, type BreakerState } from '../../../src/lib/breaker.js'

function fixture(failures = 3) {
  let nowMs = 5000
  const states: BreakerState[] = []
  const breaker = createBreaker({
    failures,
    retryAfterMs: 1000,
    changed: (state) => void states.push(state),
    monotonicNow: () => nowMs,
  })
  const fail = () => breaker.failed(breaker.admit('read'))
  const opened = () => {
    for (let call = 0; call < failures; call += 1) fail()
  }
  return { breaker, states, fail, opened, advance: (ms: number) => void (nowMs += ms) }
}

const refused = { code: 'ERR_SESSION_STORE', message: /^chain: read failed: not asked/ }

describe('the breaker', () => {
  it('opens after so many failures in a row, and lets nothing through then', () => {
    const { breaker, states, fail } = fixture()

    fail()
    fail()
    expect(breaker.state).toBe('closed')
    fail()

    expect(breaker.state).toBe('open')
    expect(states).toEqual(['open'])
    expect(() => breaker.admit('read')).toThrow(expect.objectContaining({ code: refused.code }))
    expect(() => breaker.admit('read')).toThrow(refused.message)
  })

  it('counts failures in a row only', () => {
    const { breaker, fail } = fixture()

    for (let round = 0; round < 5; round += 1) {
      fail()
      fail()
      breaker.succeeded(breaker.admit('read'))
    }

    expect(breaker.state).toBe('closed')
  })

  it('takes what says nothing for neither failure nor success', () => {
    const { breaker, fail } = fixture()

    for (let round = 0; round < 3; round += 1) {
      breaker.undecided(breaker.admit('open'))
      fail()
    }

    expect(breaker.state).toBe('open')
  })

  it('lets one call through after a while, whose success closes it', () => {
    const { breaker, states, opened, advance } = fixture()
    opened()
    advance(999)
    expect(() => breaker.admit('read')).toThrow(refused.message)

    advance(1)
    const probe = breaker.admit('read')
    expect(breaker.state).toBe('half-open')
    expect(() => breaker.admit('read')).toThrow(refused.message)
    breaker.succeeded(probe)

    expect(states).toEqual(['open', 'half-open', 'closed'])
    expect(() => breaker.admit('read')).not.toThrow()
  })

  it('opens anew when that call fails, for as long again', () => {
    const { breaker, states, opened, advance, fail } = fixture()
    opened()
    advance(1000)
    fail()

    expect(states).toEqual(['open', 'half-open', 'open'])
    advance(999)
    expect(() => breaker.admit('read')).toThrow(refused.message)
    advance(1)
    expect(() => breaker.admit('read')).not.toThrow()
  })

  it('tries another one when the first takes too long', () => {
    const { breaker, opened, advance } = fixture()
    opened()
    advance(1000)
    breaker.admit('open')

    advance(1000)
    breaker.succeeded(breaker.admit('read'))

    expect(breaker.state).toBe('closed')
  })

  it('passes the turn on when the call said nothing', () => {
    const { breaker, opened, advance } = fixture()
    opened()
    advance(1000)

    breaker.undecided(breaker.admit('open'))
    breaker.succeeded(breaker.admit('read'))

    expect(breaker.state).toBe('closed')
  })

  it('counts no outcome of a call from before it changed', () => {
    const { breaker, states, opened, advance } = fixture()
    const early = [breaker.admit('read'), breaker.admit('read'), breaker.admit('read')]
    opened()

    breaker.succeeded(early[0] as number)
    expect(breaker.state).toBe('open')
    advance(1000)
    const probe = breaker.admit('read')
    breaker.failed(early[1] as number)
    expect(breaker.state).toBe('half-open')
    breaker.succeeded(probe)
    breaker.failed(early[2] as number)

    expect(states).toEqual(['open', 'half-open', 'closed'])
  })

  it('never opens where that takes infinitely many failures', () => {
    const { breaker, fail } = fixture(Infinity)

    for (let call = 0; call < 1000; call += 1) fail()

    expect(breaker.state).toBe('closed')
  })

  it('remembers for a while that something failed', () => {
    const { breaker, fail, advance } = fixture()
    expect(breaker.failedWithin(10_000)).toBe(false)

    fail()
    advance(10_000)
    expect(breaker.failedWithin(10_000)).toBe(true)
    advance(1)
    expect(breaker.failedWithin(10_000)).toBe(false)
  })
})
