import type { Language } from '../../both/i18n.js'

const pad = (number: number): string => String(number).padStart(2, '0')
const minute = 60_000
const day = 86_400_000

/** `14:05` in the browser's zone. */
export function clockTime(at: number): string {
  const date = new Date(at)
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`
}

/** As a list writes it: 14:05 today, 昨天 14:05, 7月31日, 2025-07-31. */
export function listTime(at: number, now: number, language: Language): string {
  const days = daysBetween(at, now)
  if (days <= 0) return clockTime(at)
  if (days === 1) return `${language === 'en' ? 'Yesterday' : '昨天'} ${clockTime(at)}`
  return sameYear(at, now) ? monthAndDay(at, language) : isoDay(at)
}

/** As a sentence has it: 14:05, 昨天 14:05, 7月31日 14:05, 2025-07-31 14:05. */
export function momentTime(at: number, now: number, language: Language): string {
  const days = daysBetween(at, now)
  if (days === 0) return clockTime(at)
  if (days === 1) return listTime(at, now, language)
  return `${sameYear(at, now) ? monthAndDay(at, language) : isoDay(at)} ${clockTime(at)}`
}

/** The name of a day between messages: 今天, 昨天, 7月31日 星期四. */
export function dayName(at: number, now: number, language: Language): string {
  const days = daysBetween(at, now)
  if (days === 0) return language === 'en' ? 'Today' : '今天'
  if (days === 1) return language === 'en' ? 'Yesterday' : '昨天'
  return dayFormat(language, sameYear(at, now)).format(at)
}

/** Each is slow to make, and a thread may have a day between any two messages. */
const dayFormats = new Map<string, Intl.DateTimeFormat>()

function dayFormat(language: Language, isThisYear: boolean): Intl.DateTimeFormat {
  const key = `${language} ${isThisYear}`
  const known = dayFormats.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat(language, {
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    ...(isThisYear ? {} : { year: 'numeric' }),
  })
  dayFormats.set(key, made)
  return made
}

/** The whole of it, for a tooltip: `2026-07-31 14:05:09`. */
export function fullTime(at: number): string {
  return `${isoDay(at)} ${clockTime(at)}:${pad(new Date(at).getSeconds())}`
}

/** Whether two moments are of one day. */
export function isSameDay(one: number, other: number): boolean {
  return daysBetween(one, other) === 0
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

function daysBetween(at: number, now: number): number {
  return Math.round((midnight(now) - midnight(at)) / day)
}

/** When the day of a moment began. */
export function midnight(at: number): number {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

function sameYear(one: number, other: number): boolean {
  return new Date(one).getFullYear() === new Date(other).getFullYear()
}

const englishDay = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' })

function monthAndDay(at: number, language: Language): string {
  const date = new Date(at)
  return language === 'en' ? englishDay.format(at) : `${date.getMonth() + 1}月${date.getDate()}日`
}

function isoDay(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}
