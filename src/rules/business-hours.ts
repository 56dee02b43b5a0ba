import type { Hours } from './rule-set.js'

/** A moment as a calendar and a clock in some zone show it. */
export interface LocalTime {
  /** Days since 1 January 1970. */
  readonly day: number
  /** Minutes since midnight. */
  readonly minute: number
}

/** The local time of a moment in milliseconds. */
export type ZoneClock = (now: number) => LocalTime

/** A span of the day in minutes; it goes on into the next day where it ends before it starts. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Whether business hours are on, and what decided it. */
export interface Opening {
  readonly open: boolean
  readonly local: LocalTime
  /** `holiday` and `day_off`: closed all that day; `hours`: the clock decided. */
  readonly because: 'hours' | 'holiday' | 'day_off'
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7]

/** `HH:MM-HH:MM` as minutes, or undefined: not such a span, or one that ends where it starts. */
export function parseSpan(text: string): Span | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text)
  if (!found) return undefined
  const start = Number(found[1]) * 60 + Number(found[2])
  const end = found[3] === undefined ? 24 * 60 : Number(found[3]) * 60 + Number(found[4])
  return start === end ? undefined : { start, end }
}

/** `YYYY-MM-DD` as days since 1 January 1970, or undefined when the calendar has no such day. */
export function parseDay(text: string): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (!found) return undefined
  const day = Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3])) / DAY_MS
  return formatDay(day) === text ? day : undefined
}

/** The inverse of parseDay. */
export function formatDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** 1 for Monday to 7 for Sunday. 1 January 1970 was a Thursday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1
}

/** Whether the runtime knows a zone by its IANA name; bare offsets are refused, since they know no summer time. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** A zone's clock. It asks Intl once a minute at most: offsets change on whole minutes. */
export function zoneClock(zone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  let minute = Number.NaN
  let local: LocalTime = { day: 0, minute: 0 }
  return (now) => {
    const asked = Math.floor(now / MINUTE_MS)
    if (asked !== minute) {
      local = read(format.formatToParts(asked * MINUTE_MS))
      minute = asked
    }
    return local
  }
}

function read(parts: readonly Intl.DateTimeFormatPart[]): LocalTime {
  const number = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value)
  return {
    day: Date.UTC(number('year'), number('month') - 1, number('day')) / DAY_MS,
    minute: number('hour') * 60 + number('minute'),
  }
}

/**
 * Business hours as a function of the moment. A span past midnight belongs to the day it starts on. A day is
 * worked when it is one of `workdays`, or one of `days` and no holiday. Throws RangeError for what the schema
 * refuses.
 */
export function openingHours(hours: Hours, clock: ZoneClock): (now: number) => Opening {
  const span = parseSpan('within' in hours ? hours.within : hours.outside)
  if (!span) throw new RangeError('A span of hours must be HH:MM-HH:MM.')
  const { start, end } = span
  const days = new Set(hours.days ?? EVERY_DAY)
  const holidays = new Set((hours.holidays ?? []).map(parseDay))
  const workdays = new Set((hours.workdays ?? []).map(parseDay))
  const worked = (day: number): boolean =>
    workdays.has(day) || (days.has(weekdayOf(day)) && !holidays.has(day))

  return (now) => {
    const local = clock(now)
    const today = worked(local.day)
    const open =
      start < end
        ? today && local.minute >= start && local.minute < end
        : (today && local.minute >= start) || (local.minute < end && worked(local.day - 1))
    const because = open || today ? 'hours' : holidays.has(local.day) ? 'holiday' : 'day_off'
    return { open, local, because }
  }
}
