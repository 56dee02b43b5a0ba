import { describe, expect, it } from 'vitest'
import { pauseAfter, retryAfter, retryPauses } from './schedule.js'

describe('the schedule of retries', () => {
  it('is the specification’s, and ends', () => {
    const pauses = retryPauses.map((_, i) => pauseAfter(i + 1, () => 0))
    expect(pauses.slice(0, 4)).toEqual([5_000, 300_000, 1_800_000, 7_200_000])
    expect(pauses).toEqual([...pauses].sort((a, b) => (a ?? 0) - (b ?? 0)))
    expect(pauseAfter(retryPauses.length + 1, () => 0)).toBeUndefined()
  })

  it('adds up to a tenth', () => {
    expect(pauseAfter(2, () => 1)).toBe(330_000)
  })

  it('waits as long as the receiver asks, up to a day', () => {
    expect(pauseAfter(1, () => 0, 60_000)).toBe(60_000)
    expect(pauseAfter(2, () => 0, 1000)).toBe(300_000)
    expect(pauseAfter(1, () => 0, 10 ** 12)).toBe(86_400_000)
  })

  it('reads Retry-After as seconds or a date, and takes anything else for nothing', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(retryAfter('120', now)).toBe(120_000)
    expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
    expect(retryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
    expect([undefined, 'soon', '-1', '99999999999999'].map((each) => retryAfter(each, now))).toEqual([
      0, 0, 0, 0,
    ])
  })
})
