import { expect, it } from 'vitest'
import { dayName, isSameDay, listTime, momentTime, spanShort, spanWords, stopwatch } from './time.js'

const at = (text: string): number => new Date(text).getTime()
const now = at('2026-07-31T14:05:00')
const minute = 60_000
const hour = 60 * minute

it('lists say when in as few characters as tell it', () => {
  expect(listTime(at('2026-07-31T09:03:00'), now, 'zh-CN')).toBe('09:03')
  expect(listTime(at('2026-07-30T23:59:00'), now, 'zh-CN')).toBe('昨天 23:59')
  expect(listTime(at('2026-07-30T23:59:00'), now, 'en')).toBe('Yesterday 23:59')
  expect(listTime(at('2026-02-03T08:00:00'), now, 'zh-CN')).toBe('2月3日')
  expect(listTime(at('2026-02-03T08:00:00'), now, 'en')).toBe('Feb 3')
  expect(listTime(at('2025-07-31T08:00:00'), now, 'zh-CN')).toBe('2025-07-31')
})

it('a moment that is still to come has its day', () => {
  expect(momentTime(at('2026-08-01T14:05:00'), now, 'zh-CN')).toBe('8月1日 14:05')
  expect(momentTime(at('2026-07-31T18:00:00'), now, 'zh-CN')).toBe('18:00')
})

it('days between messages have names', () => {
  expect(dayName(now, now, 'zh-CN')).toBe('今天')
  expect(dayName(at('2026-07-30T00:10:00'), now, 'zh-CN')).toBe('昨天')
  expect(dayName(at('2026-07-27T12:00:00'), now, 'zh-CN')).toContain('7月27日')
  expect(isSameDay(at('2026-07-31T00:00:00'), at('2026-07-31T23:59:59'))).toBe(true)
})

it('spans are counted in what is worth knowing', () => {
  expect(spanWords(46 * hour + 12 * minute, 'zh-CN')).toBe('46 小时 12 分')
  expect(spanWords(2 * hour, 'zh-CN')).toBe('2 小时')
  expect(spanWords(13 * minute - 1, 'zh-CN')).toBe('12 分')
  expect(spanWords(59_400, 'zh-CN')).toBe('60 秒')
  expect(spanWords(-5, 'en')).toBe('0 s')
  expect([spanShort(130 * minute), spanShort(12 * minute), spanShort(40_000)]).toEqual([
    '2h10m',
    '12m',
    '40s',
  ])
  expect([stopwatch(372_000), stopwatch(3_972_000), stopwatch(51 * hour)]).toEqual([
    '06:12',
    '1:06:12',
    '2d 3h',
  ])
})
