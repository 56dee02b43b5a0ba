import { describe, expect, it } from 'vitest'
import { AccessTokens, looksLikeToken } from './access-tokens.js'
import { Refusal } from './refusal.js'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

function errcodeOf(call: () => unknown): number {
  try {
    call()
  } catch (error) {
    if (error instanceof Refusal) return error.errcode
    throw error
  }
  return 0
}

describe('classic tokens', () => {
  it('look like WeChat’s and are good for two hours', () => {
    const tokens = new AccessTokens()
    const { accessToken, expiresIn } = tokens.classic(0)
    expect(expiresIn).toBe(7200)
    expect(accessToken.length).toBeGreaterThanOrEqual(136)
    expect(looksLikeToken(accessToken)).toBe(true)
    expect(tokens.check(accessToken, 2 * hour - 1)).toBe(0)
    expect(tokens.check(accessToken, 2 * hour)).toBe(42001)
  })

  it('leave the one before working for five minutes', () => {
    const tokens = new AccessTokens()
    const first = tokens.classic(0).accessToken
    const second = tokens.classic(hour).accessToken
    expect(second).not.toBe(first)
    expect(tokens.check(first, hour + 5 * minute - 1)).toBe(0)
    expect(tokens.check(first, hour + 5 * minute)).toBe(40001)
    expect(tokens.check(second, hour + 5 * minute)).toBe(0)
  })

  it('leave no more than one before working', () => {
    const tokens = new AccessTokens()
    const [first, second, third] = [tokens.classic(0), tokens.classic(0), tokens.classic(0)]
    expect(tokens.check(first.accessToken, 1)).toBe(40001)
    expect(tokens.check(second.accessToken, 1)).toBe(0)
    expect(tokens.check(third.accessToken, 1)).toBe(0)
  })

  it('never work for another app', () => {
    expect(new AccessTokens().check(new AccessTokens().classic(0).accessToken, 0)).toBeUndefined()
  })
})

describe('stable tokens', () => {
  it('stay the same until five minutes before they expire, then overlap', () => {
    const tokens = new AccessTokens()
    const first = tokens.stable(0, false)
    expect(tokens.stable(hour, false)).toEqual({ accessToken: first.accessToken, expiresIn: 3600 })
    expect(tokens.stable(2 * hour - 5 * minute - 1, false).accessToken).toBe(first.accessToken)
    const renewed = tokens.stable(2 * hour - 5 * minute, false)
    expect(renewed.accessToken).not.toBe(first.accessToken)
    expect(renewed.expiresIn).toBe(7200)
    expect(tokens.check(first.accessToken, 2 * hour - 1)).toBe(0)
    expect(tokens.check(first.accessToken, 2 * hour)).toBe(42001)
  })

  it('end at once when a new one is forced', () => {
    const tokens = new AccessTokens()
    const first = tokens.stable(0, false).accessToken
    const forced = tokens.stable(minute, true).accessToken
    expect(forced).not.toBe(first)
    expect(tokens.check(first, minute)).toBe(40001)
    expect(tokens.check(forced, minute)).toBe(0)
    expect(tokens.stable(2 * minute, false).accessToken).toBe(forced)
  })

  it('can be forced every 30 seconds, and twenty times a day', () => {
    const tokens = new AccessTokens()
    tokens.stable(0, true)
    expect(errcodeOf(() => tokens.stable(29_999, true))).toBe(45011)
    for (let i = 1; i < 20; i++) tokens.stable(i * minute, true)
    expect(errcodeOf(() => tokens.stable(20 * minute, true))).toBe(45009)
    expect(errcodeOf(() => tokens.stable(20 * minute, false))).toBe(0)
    expect(errcodeOf(() => tokens.stable(20 * minute + day, true))).toBe(0)
  })

  it('know nothing of classic ones', () => {
    const tokens = new AccessTokens()
    const stable = tokens.stable(0, false).accessToken
    for (let i = 0; i < 3; i++) tokens.classic(i)
    expect(tokens.check(stable, hour)).toBe(0)
    const classic = tokens.classic(hour).accessToken
    tokens.stable(hour, true)
    expect(tokens.check(classic, hour)).toBe(0)
  })
})

it('keeps what is left of each token when the clock goes back', () => {
  const tokens = new AccessTokens()
  const { accessToken } = tokens.stable(10 * hour, false)
  tokens.shift(10 * hour)
  expect(tokens.stable(0, false)).toEqual({ accessToken, expiresIn: 7200 })
})

it.each(['', 'abc', 'ACCESS_TOKEN', `96_${'a'.repeat(99)}`, `96_${'a'.repeat(130)} b`])(
  'does not take %j for an access token',
  (value) => {
    expect(looksLikeToken(value)).toBe(false)
  },
)
