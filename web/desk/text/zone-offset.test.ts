import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { browserZone, canonicalZone, zoneOffset } from './zone-offset.js'

const minute = 60_000
const hour = 60 * minute
const zones = [
  'Asia/Shanghai',
  'Asia/Kathmandu',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Europe/London',
  'Pacific/Apia',
  'Africa/Casablanca',
  'UTC',
]

/** What Intl says the zone's clocks show, as they would be written in UTC. */
function shown(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`
}

it('is what Intl says, whatever was asked before', () => {
  const moment = fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2060, 0) })
  // Many moments of few days, so that what is kept is used.
  const near = fc
    .tuple(moment, fc.array(fc.integer({ min: -36 * 60, max: 36 * 60 }), { minLength: 1, maxLength: 12 }))
    .map(([at, minutes]) => minutes.map((one) => at + one * minute))
  fc.assert(
    fc.property(fc.constantFrom(...zones), near, (zone, moments) => {
      const offset = zoneOffset(zone)
      for (const at of moments)
        expect(new Date(at + offset(at)).toISOString().slice(0, 19)).toBe(shown(zone, at))
    }),
  )
})

it.each([
  ['America/New_York', '2026-03-08T07:00:00Z', -5, -4],
  ['America/New_York', '2026-11-01T06:00:00Z', -4, -5],
  ['Europe/London', '2026-03-29T01:00:00Z', 0, 1],
  // By half an hour; and at a minute past midnight.
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', 11, 10.5],
  ['America/St_Johns', '2006-10-29T02:31:00Z', -2.5, -3.5],
  // A day that Samoa did not have.
  ['Pacific/Apia', '2011-12-30T10:00:00Z', -10, 14],
])('in %s changes at %s to the millisecond', (zone, time, before, after) => {
  const at = Date.parse(time)
  for (const asked of [
    [at - 1, at],
    [at, at - 1],
  ]) {
    const offset = zoneOffset(zone)
    const found = new Map(asked.map((one) => [one, offset(one) / hour]))
    expect([found.get(at - 1), found.get(at)]).toEqual([before, after])
  }
})

it('a zone that the browser does not know is its own', () => {
  const at = Date.UTC(2026, 6, 31)
  expect(zoneOffset('Mars/Olympus')(at)).toBe(zoneOffset(browserZone())(at))
  expect(canonicalZone('Mars/Olympus')).toBe(canonicalZone(browserZone()))
})

it('asks Intl no more than twice about a day', () => {
  const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts')
  const offset = zoneOffset('Asia/Shanghai')
  const begin = Date.UTC(2026, 6, 31)
  for (let i = 0; i < 10_000; i++) offset(begin + i * 8640)
  expect(asked).toHaveBeenCalledTimes(2)
  asked.mockRestore()
})
