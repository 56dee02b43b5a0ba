import { describe, expect, it } from 'vitest'
import { chatTime, countdown, exactTime } from './time.js'

const at = (...parts: [number, number, number, number, number]): number => new Date(...parts).getTime()
const now = at(2026, 6, 31, 14, 5)

describe('chatTime', () => {
  it.each([
    [at(2026, 6, 31, 0, 1), '00:01', '00:01'],
    [at(2026, 6, 30, 23, 59), '昨天 23:59', 'Yesterday 23:59'],
    [at(2026, 6, 29, 9, 5), '星期三 09:05', 'Wed 09:05'],
    [at(2026, 6, 20, 9, 5), '7月20日 09:05', 'Jul 20 09:05'],
    [at(2025, 6, 20, 9, 5), '2025年7月20日 09:05', 'Jul 20, 2025 09:05'],
  ])('writes %i as WeChat does', (time, chinese, english) => {
    expect(chatTime(time, now, 'zh-CN')).toBe(chinese)
    expect(chatTime(time, now, 'en')).toBe(english)
  })
})

describe('countdown', () => {
  it('counts hours and minutes, then minutes and seconds, and never below zero', () => {
    expect(countdown(48 * 3_600_000)).toEqual({ value: '48:00', unit: 'hours' })
    expect(countdown(3_600_000 + 61_000)).toEqual({ value: '1:01', unit: 'hours' })
    expect(countdown(59_001)).toEqual({ value: '1:00', unit: 'minutes' })
    expect(countdown(999)).toEqual({ value: '0:01', unit: 'minutes' })
    expect(countdown(-5)).toEqual({ value: '0:00', unit: 'minutes' })
  })
})

it('exactTime shows milliseconds', () => {
  expect(exactTime(new Date(2026, 6, 31, 4, 5, 6, 7).getTime())).toBe('04:05:06.007')
})
