import { describe, expect, it } from 'vitest'
import { TokenBuckets } from './token-buckets.js'

describe('token buckets', () => {
  let time = 0
  const make = (most = 100) => new TokenBuckets({ burst: 3, perSecond: 2, most, now: () => time })

  it('give a burst, then as much as comes back', () => {
    const buckets = make()
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 500])
    time += 250
    expect(buckets.take('a')).toBe(250)
    time += 250
    expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 500])
    time += 3_600_000
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 500])
  })

  it('count each key by itself', () => {
    const buckets = make()
    for (let i = 0; i < 5; i++) buckets.take('a')
    expect(buckets.take('b')).toBe(0)
  })

  it('neither give nor take when the clock is put back', () => {
    const buckets = make()
    for (let i = 0; i < 3; i++) buckets.take('a')
    time -= 3_600_000
    expect(buckets.take('a')).toBe(500)
    time += 500
    expect(buckets.take('a')).toBe(0)
  })

  it('remember no more keys than allowed, and forget the one that was not seen for longest', () => {
    const buckets = make(3)
    for (let i = 0; i < 3; i++) buckets.take('busy')
    for (let i = 0; i < 1000; i++) {
      buckets.take(`other ${i}`)
      expect(buckets.take('busy')).toBeGreaterThan(0)
    }
    expect(buckets.size).toBe(3)
  })
})
