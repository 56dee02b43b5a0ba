import { expect, it } from 'vitest'
import { Quota } from './quota.js'

const path = '/cgi-bin/token'
// Noon in Shanghai.
const noon = Date.UTC(2026, 6, 15, 4)
const hour = 3_600_000

it('counts calls by path and day, a day beginning at midnight in Shanghai', () => {
  const quota = new Quota()
  quota.count(path, noon)
  quota.count(path, noon + 12 * hour - 1)
  expect(quota.view(path, noon + 12 * hour - 1)).toEqual({ daily_limit: 2000, used: 2, remain: 1998 })
  expect(quota.view(path, noon + 12 * hour)).toEqual({ daily_limit: 2000, used: 0, remain: 2000 })
  expect(quota.view('/cgi-bin/nothing', noon)).toBeUndefined()
})

it('refuses with 45009 when the day’s calls are used up, until the counter is cleared', () => {
  const quota = new Quota()
  for (let i = 0; i < 2000; i++) quota.count(path, noon)
  expect(() => {
    quota.count(path, noon)
  }).toThrow(expect.objectContaining({ errcode: 45009 }))
  quota.clear(path, noon)
  quota.count(path, noon)
  expect(quota.view(path, noon)?.used).toBe(1)
})

it('clears all counters ten times a month', () => {
  const quota = new Quota()
  for (let i = 0; i < 10; i++) quota.clearAll(noon)
  expect(() => {
    quota.clearAll(noon)
  }).toThrow(expect.objectContaining({ errcode: 48006 }))
  quota.clearAll(noon + 31 * 24 * hour)
})
