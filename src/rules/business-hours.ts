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

/** Hours as a rule may say them itself: one span on some days. */
export type SpanHours = ({ readonly within: string } | { readonly outside: string }) & {
  readonly zone: string
  /** 1 (Monday) to 7 (Sunday); every day when not given. */
  readonly days?: readonly number[]
  /** Closed, and worked, whatever their weekday. */
  readonly holidays?: readonly string[]
  readonly workdays?: readonly string[]
}

/** Business hours that have a name: a week, and days that are otherwise. */
export interface Schedule {
  readonly name: string
  readonly zone: string
  /** The spans of Monday to Sunday; a day without any is closed. */
  readonly week: readonly (readonly string[])[]
  readonly dates?: readonly { readonly date: string; readonly hours: readonly string[] }[]
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
const DAY_MINUTES = 24 * 60
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

/** The spans of a day, by its number; `isDate` where the day itself is named, and not its weekday. */
type Calendar = (day: number) => { readonly spans: readonly Span[]; readonly isDate: boolean }

/**
 * Business hours as a function of the moment. A span past midnight belongs to the day it starts on. A day is
 * worked when it is one of `workdays`, or one of `days` and no holiday. Throws RangeError for what the schema
 * refuses.
 */
export function openingHours(hours: SpanHours, clock: ZoneClock): (now: number) => Opening {
  const span = spanOf('within' in hours ? hours.within : hours.outside)
  const days = new Set(hours.days ?? EVERY_DAY)
  const holidays = new Set((hours.holidays ?? []).map(parseDay))
  const workdays = new Set((hours.workdays ?? []).map(parseDay))
  return openingOf((day) => {
    const isHoliday = holidays.has(day)
    const isWorked = workdays.has(day) || (days.has(weekdayOf(day)) && !isHoliday)
    return { spans: isWorked ? [span] : [], isDate: isHoliday }
  }, clock)
}

/** A schedule's hours as a function of the moment. Throws RangeError for what the schema refuses. */
export function scheduleHours(schedule: Schedule, clock: ZoneClock): (now: number) => Opening {
  return openingOf(calendarOf(schedule), clock)
}

/** When a schedule opens or closes next, in milliseconds; null when it does neither for two months. */
export function nextChange(schedule: Schedule, now: number): number | null {
  const clock = zoneClock(schedule.zone)
  const calendar = calendarOf(schedule)
  const openingAt = openingOf(calendar, clock)
  const { open, local } = openingAt(now)
  const edges = new Set<number>()
  for (let day = local.day - 1; day <= local.day + LOOK_AHEAD_DAYS; day++)
    for (const { start, end } of calendar(day).spans) {
      edges.add(day * DAY_MINUTES + start)
      edges.add(day * DAY_MINUTES + (end > start ? end : end + DAY_MINUTES))
    }
  for (const edge of [...edges].toSorted((one, other) => one - other)) {
    const at = momentOf(edge, clock)
    if (at > now && openingAt(at).open !== open) return at
  }
  return null
}

const LOOK_AHEAD_DAYS = 62

function calendarOf({ week, dates = [] }: Schedule): Calendar {
  const usual = week.map((spans) => spans.map(spanOf))
  const named = new Map(dates.map(({ date, hours }) => [parseDay(date), hours.map(spanOf)]))
  return (day) => {
    const spans = named.get(day)
    return { spans: spans ?? usual[weekdayOf(day) - 1] ?? [], isDate: spans !== undefined }
  }
}

function openingOf(calendar: Calendar, clock: ZoneClock): (now: number) => Opening {
  return (now) => {
    const local = clock(now)
    const { day, minute } = local
    const { spans, isDate } = calendar(day)
    const open =
      spans.some(({ start, end }) => minute >= start && (start > end || minute < end)) ||
      calendar(day - 1).spans.some(({ start, end }) => start > end && minute < end)
    const because = open || spans.length > 0 ? 'hours' : isDate ? 'holiday' : 'day_off'
    return { open, local, because }
  }
}

function spanOf(text: string): Span {
  const span = parseSpan(text)
  if (!span) throw new RangeError('A span of hours must be HH:MM-HH:MM.')
  return span
}

/** The moment at which a zone's clock shows so many minutes since 1970, by its offset around then. */
function momentOf(localMinutes: number, clock: ZoneClock): number {
  const wanted = localMinutes * MINUTE_MS
  const offsetAt = (at: number): number => {
    const { day, minute } = clock(at)
    return (day * DAY_MINUTES + minute) * MINUTE_MS - at
  }
  return wanted - offsetAt(wanted - offsetAt(wanted))
}
