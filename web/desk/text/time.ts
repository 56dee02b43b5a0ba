import type { Language } from '../../both/i18n.js'
import { browserZone, canonicalZone, zoneOffset } from './zone-offset.js'

const pad = (number: number): string => String(number).padStart(2, '0')
const minute = 60_000
const day = 86_400_000

/** Moments as the clocks and the calendar of a zone have them, in the words of a language. */
export interface Times {
  /** By its IANA name; the browser's own where both are one. */
  readonly zone: string
  /** `14:05`. */
  readonly clock: (at: number) => string
  /** As a list writes it: 14:05 today, 昨天 14:05, 7月31日, 2025-07-31. */
  readonly list: (at: number, now: number) => string
  /** As a sentence has it: 14:05, 昨天 14:05, 7月31日 14:05, 2025-07-31 14:05. */
  readonly moment: (at: number, now: number) => string
  /** The whole of it, for a tooltip: `2026-07-31T14:05:09+08:00`, with the zone's name where the browser's is another. */
  readonly full: (at: number) => string
  /** The day of a moment, in days since 1 January 1970. */
  readonly dayOf: (at: number) => number
  /** The name of a day between messages: 今天, 昨天, 7月31日 星期四; today as `dayOf` counts it. */
  readonly dayName: (at: number, today: number) => string
}

/** The times of a zone: to be kept, as it is slow to make and quick to ask. */
export function timesIn(zone: string, language: Language, here = browserZone()): Times {
  const offset = zoneOffset(zone)
  const isHere = canonicalZone(zone) === canonicalZone(here)
  const zh = language !== 'en'
  const yesterday = zh ? '昨天' : 'Yesterday'
  const dayFormat = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(language, { day: 'numeric', timeZone: 'UTC', ...options })
  const shortDay = dayFormat({ month: 'short' })
  const longDay = dayFormat({ month: 'long', weekday: 'long' })
  const longDayOfYear = dayFormat({ month: 'long', weekday: 'long', year: 'numeric' })

  /** Milliseconds since 1970 of the moment at which UTC's clocks show what the zone's show at this one. */
  const local = (at: number): number => at + offset(at)
  const dayOf = (at: number): number => Math.floor(local(at) / day)
  const isoDay = perDay((index) => new Date(index * day).toISOString().slice(0, 10))
  const monthAndDay = perDay((index) => {
    const then = new Date(index * day)
    return zh ? `${then.getUTCMonth() + 1}月${then.getUTCDate()}日` : shortDay.format(then)
  })
  const areOfOneYear = (one: number, other: number): boolean =>
    isoDay(one).slice(0, 4) === isoDay(other).slice(0, 4)
  const dayWords = (index: number, today: number): string =>
    areOfOneYear(index, today) ? monthAndDay(index) : isoDay(index)

  function clock(at: number): string {
    const minutes = Math.floor(local(at) / minute)
    return `${pad(modulo(Math.floor(minutes / 60), 24))}:${pad(modulo(minutes, 60))}`
  }

  return {
    zone: isHere ? here : zone,
    clock,
    dayOf,
    list(at, now) {
      const [index, today] = [dayOf(at), dayOf(now)]
      if (index >= today) return clock(at)
      return index === today - 1 ? `${yesterday} ${clock(at)}` : dayWords(index, today)
    },
    moment(at, now) {
      const [index, today] = [dayOf(at), dayOf(now)]
      if (index === today) return clock(at)
      return `${index === today - 1 ? yesterday : dayWords(index, today)} ${clock(at)}`
    },
    full(at) {
      const seconds = pad(modulo(Math.floor(local(at) / 1000), 60))
      const text = `${isoDay(dayOf(at))}T${clock(at)}:${seconds}${offsetWords(offset(at))}`
      return isHere ? text : `${text} (${zone})`
    },
    dayName(at, today) {
      const index = dayOf(at)
      if (index === today) return zh ? '今天' : 'Today'
      if (index === today - 1) return yesterday
      return (areOfOneYear(index, today) ? longDay : longDayOfYear).format(index * day)
    },
  }
}

/** What is made for a day is kept: rows and messages are drawn often, of few days. */
function perDay(make: (index: number) => string): (index: number) => string {
  const known = new Map<number, string>()
  return (index) => {
    let text = known.get(index)
    if (text === undefined) {
      text = make(index)
      known.set(index, text)
    }
    return text
  }
}

/** Also before 1970. */
function modulo(number: number, by: number): number {
  return ((number % by) + by) % by
}

/** `+05:45`. */
function offsetWords(ms: number): string {
  const minutes = Math.abs(Math.trunc(ms / minute))
  return `${ms < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

/** A wait as a stopwatch shows it: `06:12`, `1:06:12`; from a day on `2d 3h`. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (ms >= day) return `${Math.floor(ms / day)}d ${Math.floor(seconds / 3600) % 24}h`
  const rest = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest
}

/** A span in the words of the language: 46 小时 12 分, 12 分, 40 秒: in minutes, below two in seconds. */
export function spanWords(ms: number, language: Language): string {
  const zh = language !== 'en'
  if (ms < 2 * minute) {
    const seconds = Math.max(0, Math.ceil(ms / 1000))
    return zh ? `${seconds} 秒` : `${seconds} s`
  }
  const minutes = Math.floor(ms / minute)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  if (hours === 0) return zh ? `${minutes} 分` : `${minutes} min`
  if (rest === 0) return zh ? `${hours} 小时` : `${hours} h`
  return zh ? `${hours} 小时 ${rest} 分` : `${hours} h ${rest} min`
}

/** The same, short enough for a chip: `2h10m`, `12m`, `40s`. */
export function spanShort(ms: number): string {
  if (ms < 2 * minute) return `${Math.max(0, Math.ceil(ms / 1000))}s`
  const minutes = Math.floor(ms / minute)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  if (hours === 0) return `${minutes}m`
  return rest === 0 ? `${hours}h` : `${hours}h${rest}m`
}
