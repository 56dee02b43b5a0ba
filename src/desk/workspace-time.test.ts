import { describe, expect, it } from 'vitest'
import { dateAndTimeIn, isoIn } from './workspace-time.js'

const moment = Date.parse('2026-07-31T16:30:05.678Z')

describe('a moment in a zone', () => {
  it.each([
    ['Asia/Shanghai', '2026-08-01 00:30:05', '2026-08-01T00:30:05+08:00'],
    ['UTC', '2026-07-31 16:30:05', '2026-07-31T16:30:05+00:00'],
    ['America/St_Johns', '2026-07-31 14:00:05', '2026-07-31T14:00:05-02:30'],
    ['Asia/Kathmandu', '2026-07-31 22:15:05', '2026-07-31T22:15:05+05:45'],
  ])('of %s is %s', (zone, dateAndTime, iso) => {
    expect(dateAndTimeIn(zone)(moment)).toBe(dateAndTime)
    expect(isoIn(zone)(moment)).toBe(iso)
    expect(Date.parse(iso)).toBe(Math.floor(moment / 1000) * 1000)
  })

  it('has the offset of its day, not of today', () => {
    expect(isoIn('Europe/Berlin')(Date.parse('2026-01-15T00:00:00Z'))).toBe('2026-01-15T01:00:00+01:00')
    expect(isoIn('Europe/Berlin')(Date.parse('2026-07-15T00:00:00Z'))).toBe('2026-07-15T02:00:00+02:00')
  })
})
