import type { Language } from '../../both/i18n.js'

export type { Language }

const pad = (number: number): string => String(number).padStart(2, '0')

/** `14:05` in the browser's zone. */
export function clockTime(at: number): string {
  const date = new Date(at)
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`
}

/** `14:05:03.120` in the browser's zone, for what happens within a second. */
export function exactTime(at: number): string {
  const date = new Date(at)
  return `${clockTime(at)}:${pad(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** As WeChat writes it between messages: the clock today, the day's name within a week, the date before that. */
export function chatTime(at: number, now: number, language: Language): string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000)
  const time = clockTime(at)
  if (days === 0) return time
  if (days === 1) return language === 'en' ? `Yesterday ${time}` : `昨天 ${time}`
  const named = (options: Intl.DateTimeFormatOptions): string =>
    `${new Intl.DateTimeFormat(language, options).format(at)} ${time}`
  if (days > 1 && days < 7) return named({ weekday: language === 'en' ? 'short' : 'long' })
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  const month = language === 'en' ? 'short' : 'long'
  return named({ month, day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }) })
}

function midnight(at: number): number {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

/** What is left of a span, down to the second when less than an hour is: `47:59` hours and minutes, or `0:59`. */
export function countdown(ms: number): { value: string; unit: 'hours' | 'minutes' } {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60)]
  return hours > 0
    ? { value: `${hours}:${pad(minutes % 60)}`, unit: 'hours' }
    : { value: `${minutes}:${pad(seconds % 60)}`, unit: 'minutes' }
}
