import type { DeskError } from '../api/client.js'
import { problemWords } from '../text/problem-words.js'
import type { AdminTexts } from './admin-texts.js'

/** What is wrong with business hours, by the places that the service names: `schedules[0].week[6][0]`. */
export function hoursProblem(error: DeskError, texts: AdminTexts): string {
  const { t, language } = texts
  if (language.value === 'en') return problemWords(error, texts)
  const used = /names the business hours "(.*?)"/.exec(error.message)?.[1]
  if (used !== undefined) return t.value('hours.inUse', { name: used })
  const places = [...error.message.matchAll(/schedules\[\d+\]\.(week|dates|zone|name)(?:\[(\d+)\])?/g)]
  const lines = places.map(([, part, place = '0']) => {
    switch (part) {
      case 'week':
        return t.value('hours.wrongDay', { day: t.value(days[Number(place)] ?? 'hours.week') })
      case 'dates':
        return t.value('hours.wrongDate', { number: Number(place) + 1 })
      case 'zone':
        return t.value('hours.wrongZone')
      default:
        return t.value('hours.wrongName')
    }
  })
  return lines.length === 0 ? problemWords(error, texts) : [...new Set(lines)].join('\n')
}

const days = [
  'hours.day.1',
  'hours.day.2',
  'hours.day.3',
  'hours.day.4',
  'hours.day.5',
  'hours.day.6',
  'hours.day.7',
] as const
