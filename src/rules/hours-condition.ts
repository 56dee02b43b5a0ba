import { z } from 'zod'
import { ruleIssue } from '../protocol/rule-problems.js'
import { formatDay, isZone, openingHours, parseDay, parseSpan, weekdayOf } from './business-hours.js'
import { COSTS, type Condition, type SharedParts } from './condition.js'
import { checkOf } from './rule-problem.js'
import { closed, must, oneLine, severalLines, spaces, text, trimmed } from './schema-parts.js'
import type { ZoneClock } from './business-hours.js'

const noDate = checkOf('must be a date YYYY-MM-DD that the calendar has', ruleIssue('date'))

const span = z
  .string(must('a span such as "09:00-18:00"'))
  .refine(
    (value) => parseSpan(value) !== undefined,
    checkOf(
      'must be a span HH:MM-HH:MM such as "09:00-18:00", "22:00-06:00" or "00:00-24:00", and not end where it starts',
      ruleIssue('span'),
    ),
  )
// How many they may be is checkRules' to say: those saved before there was a bound go on.
const dates = z.array(
  z.string(must('a date such as "2026-10-01"')).refine((value) => parseDay(value) !== undefined, noDate),
  must('a list of dates such as ["2026-10-01"]'),
)
const A_WEEKDAY = 'a weekday from 1 (Monday) to 7 (Sunday)'
const weekday = z.int(must(A_WEEKDAY)).min(1, `must be ${A_WEEKDAY}`).max(7, `must be ${A_WEEKDAY}`)
const calendar = {
  days: z
    .array(weekday, must('a list of weekdays, 1 (Monday) to 7 (Sunday)'))
    .min(1, 'must name a day, 1 (Monday) to 7 (Sunday)')
    .exactOptional(),
  zone: z
    .string(must('a time zone such as "Asia/Shanghai"'))
    .refine(
      isZone,
      checkOf('must be a time zone by its IANA name, such as "Asia/Shanghai"', ruleIssue('zone')),
    ),
  holidays: dates.exactOptional(),
  workdays: dates.exactOptional(),
}
const scheduleName = text('the name of business hours, such as "客服时间"', 64)
  .refine(trimmed, spaces)
  .refine(oneLine, severalLines)
/** Hours of the rule's own, or by the name of business hours. */
export const hoursSchema = z.union(
  [
    closed('hours', { within: span, ...calendar }),
    closed('hours', { outside: span, ...calendar }),
    closed('hours', { open: scheduleName }),
    closed('hours', { closed: scheduleName }),
  ],
  must(
    'an object with either "within" or "outside", such as { "outside": "09:00-18:00", "zone": "Asia/Shanghai" }, or with "open" or "closed" and the name of business hours',
  ),
)

const spans = z
  .array(span, must('a list of spans such as ["09:00-12:00", "13:00-18:00"]; [] is closed'))
  .max(10, 'must not hold more than 10 spans')
const A_DATE = 'a date such as { "date": "2026-10-01", "hours": [] }'
/** Business hours by a name, which rules use. */
export const scheduleSchema = closed('business hours: { "name": "…", "zone": "…", "week": […] }', {
  name: scheduleName,
  zone: calendar.zone,
  week: z
    .array(spans, must('a list of seven lists of spans, Monday first'))
    .length(7, 'must have seven lists of spans, Monday first'),
  dates: z
    .array(
      closed(A_DATE, {
        date: z
          .string(must('a date such as "2026-10-01"'))
          .refine((value) => parseDay(value) !== undefined, noDate),
        hours: spans,
      }),
      must(`a list of days that are otherwise, each ${A_DATE}`),
    )
    .max(400, 'must not hold more than 400 days')
    .exactOptional(),
})

type HoursOrName = z.infer<typeof hoursSchema>
/** Hours that a rule says itself. */
export type Hours = Exclude<HoursOrName, ScheduleUse>
/** Hours by the name of a schedule. */
export type ScheduleUse = Extract<HoursOrName, { open: string } | { closed: string }>

/** The condition on the time. */
export function hoursConditions(hours: HoursOrName, shared: SharedParts): Condition[] {
  return [
    'zone' in hours ? hoursCondition(hours, shared.clock(hours.zone)) : scheduleCondition(hours, shared),
  ]
}

const common = { cost: COSTS.hours, isOfMessage: false } as const

function hoursCondition(hours: Hours, clock: ZoneClock): Condition {
  const openingAt = openingHours(hours, clock)
  const wanted = 'within' in hours
  const span = 'within' in hours ? hours.within : hours.outside
  return {
    ...common,
    path: wanted ? 'when.hours.within' : 'when.hours.outside',
    holds: ({ facts: { now } }) => openingAt(now).open === wanted,
    unmet({ facts: { now } }) {
      const { local, open, because } = openingAt(now)
      const weekday = weekdayOf(local.day)
      const time = `${twoDigits(Math.floor(local.minute / 60))}:${twoDigits(local.minute % 60)}`
      const day = formatDay(local.day)
      const zh = `${hours.zone} 现在是 ${day} 周${WEEKDAYS_ZH.charAt(weekday - 1)} ${time}`
      const en = `in ${hours.zone} it is ${WEEKDAYS_EN[weekday - 1] ?? ''} ${day} ${time}`
      if (because !== 'hours')
        return {
          zh: `${zh}，${because === 'holiday' ? '是节假日' : '不是工作日'}，不算在 ${span} 之内`,
          en: `${en}, ${because === 'holiday' ? 'a holiday' : 'not a working day'}, so it counts as outside ${span}`,
        }
      return {
        zh: `${zh}，${open ? '在' : '不在'} ${span} 之内`,
        en: `${en}, ${open ? 'within' : 'outside'} ${span}`,
      }
    },
  }
}

function scheduleCondition(use: ScheduleUse, shared: SharedParts): Condition {
  const wanted = 'open' in use
  const name = 'open' in use ? use.open : use.closed
  const openingAt = shared.schedule(name)
  return {
    ...common,
    path: wanted ? 'when.hours.open' : 'when.hours.closed',
    holds: ({ facts: { now } }) => openingAt(now).open === wanted,
    unmet({ facts: { now } }) {
      const { local, open, because } = openingAt(now)
      const time = `${formatDay(local.day)} ${twoDigits(Math.floor(local.minute / 60))}:${twoDigits(local.minute % 60)}`
      const holiday = because === 'holiday'
      return {
        zh: `“${name}”那里现在是 ${time}，${open ? '营业中' : holiday ? '休息（特殊日期）' : '不在营业时间'}`,
        en: `by “${name}” it is ${time}, ${open ? 'open' : holiday ? 'closed on this date' : 'closed'}`,
      }
    },
  }
}

const WEEKDAYS_ZH = '一二三四五六日'
const WEEKDAYS_EN = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
