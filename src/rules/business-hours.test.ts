import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatDay,
  isZone,
  nextChange,
  openingHours,
  parseDay,
  parseSpan,
  scheduleHours,
  weekdayOf,
  zoneClock,
  type Opening,
  type Schedule,
} from './business-hours.js'
import type { Hours } from './rule-set.js'

function at(hours: Hours, moment: string): Opening {
  return openingHours(hours, zoneClock(hours.zone))(Date.parse(moment))
}
const open = (hours: Hours, moment: string): boolean => at(hours, moment).open

describe('business hours', () => {
  const office: Hours = { within: '09:00-18:00', days: [1, 2, 3, 4, 5], zone: 'Asia/Shanghai' }

  it('start with their first minute and end before their last', () => {
    expect(open(office, '2026-09-28T08:59:59.999+08:00')).toBe(false)
    expect(open(office, '2026-09-28T09:00:00+08:00')).toBe(true)
    expect(open(office, '2026-09-28T17:59:59.999+08:00')).toBe(true)
    expect(open(office, '2026-09-28T18:00:00+08:00')).toBe(false)
  })

  it('are those of their own zone, whatever day it is in Greenwich', () => {
    expect(open(office, '2026-09-28T01:00:00Z')).toBe(true)
    // Monday 07:00 in Shanghai is still Sunday in Greenwich; the same holds the other way round on Friday.
    expect(open({ ...office, within: '06:00-08:00' }, '2026-09-27T23:00:00Z')).toBe(true)
    expect(open({ ...office, within: '06:00-08:00' }, '2026-10-02T23:00:00Z')).toBe(false)
  })

  it('are closed on other days of the week, and say so', () => {
    expect(at(office, '2026-09-26T10:00:00+08:00')).toMatchObject({ open: false, because: 'day_off' })
    expect(at(office, '2026-09-28T20:00:00+08:00')).toMatchObject({ open: false, because: 'hours' })
  })

  it('are those of every day where no days are named', () => {
    const daily: Hours = { within: '09:00-18:00', zone: 'Asia/Shanghai' }
    for (let day = 21; day <= 27; day++) expect(open(daily, `2026-09-${day}T10:00:00+08:00`)).toBe(true)
  })

  it('know holidays, and working days that make up for them', () => {
    const year: Hours = { ...office, holidays: ['2026-10-01', '2026-10-02'], workdays: ['2026-10-10'] }
    expect(at(year, '2026-10-01T10:00:00+08:00')).toMatchObject({ open: false, because: 'holiday' })
    expect(at(year, '2026-10-10T10:00:00+08:00')).toMatchObject({ open: true }) // a Saturday
    expect(at(year, '2026-10-10T08:00:00+08:00')).toMatchObject({ open: false, because: 'hours' })
    expect(at(year, '2026-10-17T10:00:00+08:00')).toMatchObject({ open: false, because: 'day_off' })
  })

  it('that cross midnight belong to the day they start on', () => {
    const friday: Hours = { within: '22:00-06:00', days: [5], zone: 'Asia/Shanghai' }
    expect(open(friday, '2026-10-02T05:59:00+08:00')).toBe(false)
    expect(open(friday, '2026-10-02T21:59:00+08:00')).toBe(false)
    expect(open(friday, '2026-10-02T22:00:00+08:00')).toBe(true)
    expect(open(friday, '2026-10-03T05:59:00+08:00')).toBe(true)
    expect(open(friday, '2026-10-03T06:00:00+08:00')).toBe(false)
    expect(open(friday, '2026-10-03T22:00:00+08:00')).toBe(false)
    expect(open({ ...friday, holidays: ['2026-10-02'] }, '2026-10-03T01:00:00+08:00')).toBe(false)
    expect(open({ ...friday, holidays: ['2026-10-03'] }, '2026-10-03T01:00:00+08:00')).toBe(true)
  })

  it('may be the whole day, to the last millisecond', () => {
    const sunday: Hours = { within: '00:00-24:00', days: [7], zone: 'Asia/Shanghai' }
    expect(open(sunday, '2026-10-03T23:59:59.999+08:00')).toBe(false)
    expect(open(sunday, '2026-10-04T00:00:00+08:00')).toBe(true)
    expect(open(sunday, '2026-10-04T23:59:59.999+08:00')).toBe(true)
    expect(open(sunday, '2026-10-05T00:00:00+08:00')).toBe(false)
  })

  it('may end at midnight', () => {
    for (const within of ['18:00-24:00', '18:00-00:00']) {
      const evening: Hours = { within, days: [7], zone: 'Asia/Shanghai' }
      expect(open(evening, '2026-10-04T23:59:59.999+08:00')).toBe(true)
      expect(open(evening, '2026-10-05T00:00:00+08:00')).toBe(false)
    }
  })
})

describe('business hours where clocks are changed', () => {
  const newYork = { zone: 'America/New_York' }

  it('follow the clock on the wall through the hour that is left out', () => {
    const hours: Hours = { within: '01:00-03:00', ...newYork }
    // 8 March 2026: 01:59 EST is followed by 03:00 EDT.
    expect(open(hours, '2026-03-08T06:00:00Z')).toBe(true)
    expect(open(hours, '2026-03-08T06:59:59Z')).toBe(true)
    expect(open(hours, '2026-03-08T07:00:00Z')).toBe(false)
    const missing: Hours = { within: '02:00-03:00', ...newYork }
    for (let minute = 0; minute < 24 * 60; minute++)
      expect(openAtMinute(missing, '2026-03-08T05:00:00Z', minute)).toBe(false)
    expect(open({ within: '09:00-17:00', ...newYork }, '2026-03-07T13:30:00Z')).toBe(false)
    expect(open({ within: '09:00-17:00', ...newYork }, '2026-03-08T13:30:00Z')).toBe(true)
  })

  it('hold in both runs of the hour that comes twice', () => {
    const hours: Hours = { within: '01:00-02:00', ...newYork }
    // 1 November 2026: 01:59 EDT is followed by 01:00 EST.
    for (const moment of ['05:00', '05:59', '06:00', '06:59'])
      expect(open(hours, `2026-11-01T${moment}:00Z`)).toBe(true)
    expect(open(hours, '2026-11-01T04:59:59Z')).toBe(false)
    expect(open(hours, '2026-11-01T07:00:00Z')).toBe(false)
  })

  it('keep a whole day whole, of 23 and of 25 hours', () => {
    const sunday: Hours = { within: '00:00-24:00', days: [7], ...newYork }
    expect(openMinutes(sunday, '2026-03-07T12:00:00Z', 48)).toBe(23 * 60)
    expect(openMinutes(sunday, '2026-10-31T12:00:00Z', 48)).toBe(25 * 60)
  })

  it('cross midnight by the calendar, also from a day of 25 hours', () => {
    const night: Hours = { within: '23:30-00:30', days: [7], ...newYork }
    expect(open(night, '2026-11-02T04:29:00Z')).toBe(false)
    expect(open(night, '2026-11-02T04:30:00Z')).toBe(true)
    expect(open(night, '2026-11-02T05:29:00Z')).toBe(true)
    expect(open(night, '2026-11-02T05:30:00Z')).toBe(false)
  })

  function openAtMinute(hours: Hours, from: string, minute: number): boolean {
    return openingHours(hours, zoneClock(hours.zone))(Date.parse(from) + minute * 60_000).open
  }
  function openMinutes(hours: Hours, from: string, ofHours: number): number {
    const openAt = openingHours(hours, zoneClock(hours.zone))
    const minutes = Array.from({ length: ofHours * 60 }, (_, minute) => Date.parse(from) + minute * 60_000)
    return minutes.filter((moment) => openAt(moment).open).length
  }
})

describe('a zone’s clock', () => {
  const zones = [
    'Asia/Shanghai',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Africa/Casablanca',
    'UTC',
  ]

  it('shows what Intl shows, in any order of moments', () => {
    const moment = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) })
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.array(moment, { minLength: 1, maxLength: 5 }),
        (zone, moments) => {
          const clock = zoneClock(zone)
          for (const now of moments) {
            const shown = new Intl.DateTimeFormat('sv-SE', {
              timeZone: zone,
              dateStyle: 'short',
              timeStyle: 'short',
            })
            const { day, minute } = clock(now)
            const time = [Math.floor(minute / 60), minute % 60]
              .map((part) => String(part).padStart(2, '0'))
              .join(':')
            expect(`${formatDay(day)} ${time}`).toBe(shown.format(now))
          }
        },
      ),
    )
  })

  it('knows the days of the week', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), (day) => {
        expect(weekdayOf(day) % 7).toBe(new Date(day * 86_400_000).getUTCDay())
      }),
    )
  })
})

describe('what is written in a rule', () => {
  it.each([
    '9:00-18:00',
    '09:00',
    '09:00-18:60',
    '24:00-06:00',
    '09:00-24:30',
    '09:00-09:00',
    '09:00–18:00',
    '',
  ])('refuses the span %j', (text) => {
    expect(parseSpan(text)).toBeUndefined()
  })

  it('reads spans in minutes', () => {
    expect(parseSpan('09:05-18:30')).toEqual({ start: 545, end: 1110 })
    expect(parseSpan('00:00-24:00')).toEqual({ start: 0, end: 1440 })
    expect(parseSpan('22:00-06:00')).toEqual({ start: 1320, end: 360 })
  })

  it('takes days that the calendar has', () => {
    expect(parseDay('1970-01-02')).toBe(1)
    expect(parseDay('2028-02-29')).toBeDefined()
    for (const text of ['2026-02-29', '2026-13-01', '2026-1-1', '2026-04-31', 'tomorrow'])
      expect(parseDay(text)).toBeUndefined()
  })

  it('takes zones by name, not by offset', () => {
    expect(['Asia/Shanghai', 'UTC', 'America/New_York'].map(isZone)).toEqual([true, true, true])
    expect(['+08:00', 'Mars/Olympus', '', 'Asia/'].map(isZone)).toEqual([false, false, false, false])
  })
})

describe('a schedule', () => {
  const office = ['09:00-12:00', '13:00-18:00']
  const schedule: Schedule = {
    name: '客服时间',
    zone: 'Asia/Shanghai',
    week: [office, office, office, office, ['22:00-02:00'], [], []],
    dates: [
      { date: '2026-10-01', hours: [] },
      { date: '2026-10-10', hours: ['10:00-11:00'] },
    ],
  }
  const isOpen = (moment: string): Opening =>
    scheduleHours(schedule, zoneClock(schedule.zone))(Date.parse(moment))
  const next = (moment: string): string | undefined => {
    const at = nextChange(schedule, Date.parse(moment))
    return at === null ? undefined : new Date(at).toISOString()
  }

  it('has several spans a day, nights that go on, and dates that are otherwise', () => {
    expect(isOpen('2026-09-28T12:30:00+08:00')).toMatchObject({ open: false, because: 'hours' })
    expect(isOpen('2026-09-28T13:00:00+08:00').open).toBe(true)
    expect(isOpen('2026-10-03T01:59:00+08:00').open).toBe(true)
    expect(isOpen('2026-10-03T02:00:00+08:00')).toMatchObject({ open: false, because: 'day_off' })
    expect(isOpen('2026-10-01T10:00:00+08:00')).toMatchObject({ open: false, because: 'holiday' })
    expect(isOpen('2026-10-10T10:30:00+08:00').open).toBe(true)
  })

  it('says when it opens or closes next', () => {
    expect(next('2026-09-28T10:00:00+08:00')).toBe('2026-09-28T04:00:00.000Z')
    expect(next('2026-09-28T12:00:00+08:00')).toBe('2026-09-28T05:00:00.000Z')
    // Over the holiday, and over midnight.
    expect(next('2026-09-30T18:00:00+08:00')).toBe('2026-10-02T14:00:00.000Z')
    expect(next('2026-10-02T23:00:00+08:00')).toBe('2026-10-02T18:00:00.000Z')
    const never = { ...schedule, week: Array.from({ length: 7 }, () => []), dates: [] }
    expect(nextChange(never, Date.now())).toBeNull()
    const always = { ...never, week: Array.from({ length: 7 }, () => ['00:00-24:00']) }
    expect(nextChange(always, Date.now())).toBeNull()
  })

  it('says it over the change to summer time', () => {
    const week = Array.from({ length: 7 }, () => office)
    const at = nextChange(
      { ...schedule, zone: 'Europe/Berlin', week },
      Date.parse('2026-03-28T18:00:00+01:00'),
    )
    expect(new Date(at ?? 0).toISOString()).toBe('2026-03-29T07:00:00.000Z')
  })
})
