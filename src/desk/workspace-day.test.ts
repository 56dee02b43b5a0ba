import { describe, expect, it } from 'vitest'
import { dayIn, dayName, dayStart, parseDayName } from './workspace-day.js'

describe('the workspace’s days', () => {
  it.each([
    ['Asia/Shanghai', '2026-07-31T15:59:59.999Z', '2026-07-31'],
    ['Asia/Shanghai', '2026-07-31T16:00:00Z', '2026-08-01'],
    ['UTC', '2026-07-31T23:59:59.999Z', '2026-07-31'],
    ['Asia/Kathmandu', '2026-07-31T18:15:00Z', '2026-08-01'],
    ['Pacific/Kiritimati', '2026-07-31T10:00:00Z', '2026-08-01'],
    ['Pacific/Pago_Pago', '2026-08-01T10:59:59Z', '2026-07-31'],
  ])('in %s at %s are %s', (zone, time, day) => {
    expect(dayName(dayIn(zone)(Date.parse(time)))).toBe(day)
  })

  it.each([
    ['Asia/Shanghai', '2026-07-31', '2026-07-30T16:00:00.000Z'],
    ['America/New_York', '2026-03-08', '2026-03-08T05:00:00.000Z'],
    ['America/New_York', '2026-03-09', '2026-03-09T04:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-01-01', '2025-12-31T10:00:00.000Z'],
    ['Pacific/Pago_Pago', '2026-01-01', '2026-01-01T11:00:00.000Z'],
  ])('in %s: %s begins at %s', (zone, day, begin) => {
    expect(new Date(dayStart(parseDayName(day), dayIn(zone))).toISOString()).toBe(begin)
  })

  it.each(['2026-02-30', '2026-13-01', 'today', '2026-1-1'])('have no %s', (name) => {
    expect(parseDayName(name)).toBeNaN()
  })
})
