import { expect, it } from 'vitest'
import { spanShort, spanWords, stopwatch, timesIn } from './time.js'

const at = (text: string): number => Date.parse(text)
const minute = 60_000
const hour = 60 * minute
const [zh, en] = [timesIn('Asia/Shanghai', 'zh-CN'), timesIn('Asia/Shanghai', 'en')]
const now = at('2026-07-31T14:05:00+08:00')

it('lists say when in as few characters as tell it', () => {
  expect(zh.list(at('2026-07-31T09:03:00+08:00'), now)).toBe('09:03')
  expect(zh.list(at('2026-07-31T00:00:00+08:00'), now)).toBe('00:00')
  expect(zh.list(at('2026-07-30T23:59:59+08:00'), now)).toBe('昨天 23:59')
  expect(en.list(at('2026-07-30T23:59:00+08:00'), now)).toBe('Yesterday 23:59')
  expect(zh.list(at('2026-02-03T08:00:00+08:00'), now)).toBe('2月3日')
  expect(en.list(at('2026-02-03T08:00:00+08:00'), now)).toBe('Feb 3')
  expect(zh.list(at('2026-01-01T00:00:00+08:00'), now)).toBe('1月1日')
  expect(zh.list(at('2025-12-31T23:59:00+08:00'), now)).toBe('2025-12-31')
})

it('a moment that is still to come has its day', () => {
  expect(zh.moment(at('2026-08-01T14:05:00+08:00'), now)).toBe('8月1日 14:05')
  expect(zh.moment(at('2026-07-31T18:00:00+08:00'), now)).toBe('18:00')
  expect(zh.moment(at('2026-07-30T18:00:00+08:00'), now)).toBe('昨天 18:00')
})

it('days between messages have names', () => {
  const today = zh.dayOf(now)
  expect(zh.dayName(now, today)).toBe('今天')
  expect(zh.dayName(at('2026-07-30T00:10:00+08:00'), today)).toBe('昨天')
  expect(zh.dayName(at('2026-07-27T00:10:00+08:00'), today)).toBe('7月27日星期一')
  expect(en.dayName(at('2025-07-27T23:50:00+08:00'), today)).toBe('Sunday, July 27, 2025')
  expect(zh.dayOf(at('2026-07-31T00:00:00+08:00'))).toBe(zh.dayOf(at('2026-07-31T23:59:59+08:00')))
})

it('the same moment is another time, and another day, in another zone', () => {
  const [newYork, kathmandu] = [timesIn('America/New_York', 'zh-CN'), timesIn('Asia/Kathmandu', 'zh-CN')]
  const moment = at('2026-07-30T18:30:00Z')
  expect(zh.list(moment, now)).toBe('02:30')
  expect(kathmandu.list(moment, now)).toBe('00:15')
  expect(newYork.list(moment, now)).toBe('昨天 14:30')
  expect([zh, kathmandu, newYork].map(({ dayName }) => dayName(moment, zh.dayOf(now)))).toEqual([
    '今天',
    '今天',
    '昨天',
  ])
})

it('days are the calendar’s also where they have 23 or 25 hours', () => {
  const times = timesIn('America/New_York', 'zh-CN')
  // Spring forward on 8 March 2026, back on 1 November: an hour is skipped, and another is there twice.
  expect(times.clock(at('2026-03-08T06:59:00Z'))).toBe('01:59')
  expect(times.clock(at('2026-03-08T07:00:00Z'))).toBe('03:00')
  expect(times.clock(at('2026-11-01T05:30:00Z'))).toBe('01:30')
  expect(times.clock(at('2026-11-01T06:30:00Z'))).toBe('01:30')
  const evening = (day: string): number => at(`${day}T23:30:00-05:00`)
  const before = at('2026-03-08T00:10:00-05:00')
  expect(times.list(evening('2026-03-07'), before)).toBe('昨天 23:30')
  expect(times.list(before, at('2026-03-09T23:50:00-04:00'))).toBe('昨天 00:10')
  expect(times.list(at('2026-11-01T00:10:00-04:00'), at('2026-11-01T23:50:00-05:00'))).toBe('00:10')
})

it('tooltips have the whole of it, and name the zone where the browser is in another', () => {
  const moment = at('2026-07-31T06:05:09Z')
  const full = (zone: string, here: string, time = moment): string => timesIn(zone, 'zh-CN', here).full(time)
  expect(full('Asia/Shanghai', 'Asia/Shanghai')).toBe('2026-07-31T14:05:09+08:00')
  expect(full('Asia/Shanghai', 'Europe/Berlin')).toBe('2026-07-31T14:05:09+08:00 (Asia/Shanghai)')
  expect(full('Asia/Kathmandu', 'Asia/Kathmandu')).toBe('2026-07-31T11:50:09+05:45')
  // Two names of one zone.
  expect(full('Asia/Kathmandu', 'Asia/Katmandu')).toBe('2026-07-31T11:50:09+05:45')
  expect(full('America/New_York', 'America/New_York')).toBe('2026-07-31T02:05:09-04:00')
  expect(full('America/New_York', 'America/New_York', at('2026-12-01T06:00:00Z'))).toBe(
    '2026-12-01T01:00:00-05:00',
  )
  expect(full('America/St_Johns', 'America/St_Johns')).toBe('2026-07-31T03:35:09-02:30')
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
