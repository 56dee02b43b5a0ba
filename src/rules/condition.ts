import { formatDay, openingHours, weekdayOf, type Opening, type ZoneClock } from './business-hours.js'
import { comparisonConditions } from './comparison.js'
import type { Expression } from './expression.js'
import type { Facts } from './facts.js'
import { listOf, type Hours, type Rule, type ScheduleUse, type Tags } from './rule-set.js'
import { quotedEn, quotedZh, type Sentence } from './sentence.js'

/** Facts, and their texts in lower case: made once, compared by every rule. */
export interface Subject extends Facts {
  readonly lowerText: string | undefined
  readonly lowerSessionFrom: string | undefined
}

/** One part of a rule's `when`. */
export interface Condition {
  /** Where it stands in the rule, such as `when.text.contains`. */
  readonly path: string
  holds(subject: Subject): boolean
  /** Why it does not hold. */
  unmet(subject: Subject): Sentence
}

/** What the conditions of all rules share: a clock for each zone, an expression for each pattern. */
export interface SharedParts {
  clock(zone: string): ZoneClock
  /** Business hours by their name; never open where there are none of that name. */
  schedule(name: string): (now: number) => Opening
  expression(pattern: string, caseSensitive: boolean): Expression
}

/** Facts made ready to be compared. */
export function subjectOf(facts: Facts): Subject {
  // Spelled out: a spread took thirty times as long, and this runs for each push.
  return {
    kind: facts.kind,
    word: facts.word,
    text: facts.text,
    sessionFrom: facts.sessionFrom,
    tags: facts.tags,
    now: facts.now,
    contact: facts.contact,
    lowerText: facts.text?.toLowerCase(),
    lowerSessionFrom: facts.sessionFrom?.toLowerCase(),
  }
}

/** Whether the push is of the kind that a rule is for at all. */
export function kindCondition({ when: { event } }: Rule): Condition {
  if (event === undefined)
    return {
      path: 'when',
      holds: ({ kind }) => kind === 'message',
      unmet: ({ word }) => ({
        zh: `这条规则只看消息，而这是事件 ${word}`,
        en: `it is for messages, and this is the event ${word}`,
      }),
    }
  return {
    path: 'when.event',
    holds: ({ kind, word }) => kind === 'event' && word === event,
    unmet: ({ kind, word }) => ({
      zh: `这条规则只看事件 ${event}，而这是${kind === 'event' ? `事件 ${word}` : '消息'}`,
      en: `it is for the event ${event}, and this is ${kind === 'event' ? `the event ${word}` : 'a message'}`,
    }),
  }
}

/** The conditions of a rule beside its kind, the cheapest first. */
export function conditionsOf({ when }: Rule, shared: SharedParts): Condition[] {
  const conditions: Condition[] = []
  if (when.type !== undefined) conditions.push(typeCondition(listOf(when.type)))
  if (when.tags) conditions.push(...tagConditions(when.tags))
  const texts = when.text ? comparisonConditions('text', when.text, shared) : undefined
  const sources = when.sessionFrom ? comparisonConditions('sessionFrom', when.sessionFrom, shared) : undefined
  conditions.push(...(texts?.words ?? []), ...(sources?.words ?? []))
  if (when.hours)
    conditions.push(
      'zone' in when.hours
        ? hoursCondition(when.hours, shared.clock(when.hours.zone))
        : scheduleCondition(when.hours, shared),
    )
  conditions.push(...(sources?.expressions ?? []), ...(texts?.expressions ?? []))
  return conditions
}

function typeCondition(types: readonly string[]): Condition {
  return {
    path: 'when.type',
    holds: ({ word }) => types.includes(word),
    unmet: ({ word }) => ({
      zh: `消息类型是 ${word}，而规则要 ${types.join(' 或 ')}`,
      en: `the message is of type ${word}, not ${types.join(' or ')}`,
    }),
  }
}

function* tagConditions(tags: Tags): Generator<Condition> {
  const [any, all, none] = [tags.any, tags.all, tags.none].map((each) => each && listOf(each))
  if (none)
    yield {
      path: 'when.tags.none',
      holds: (subject) => !none.some((tag) => subject.tags.includes(tag)),
      unmet: (subject) => {
        const unwanted = none.filter((tag) => subject.tags.includes(tag))
        return {
          zh: `客户有标签${quotedZh(unwanted, '和')}`,
          en: `the customer has the ${unwanted.length > 1 ? 'tags' : 'tag'} ${quotedEn(unwanted, 'and')}`,
        }
      },
    }
  if (all)
    yield {
      path: 'when.tags.all',
      holds: (subject) => all.every((tag) => subject.tags.includes(tag)),
      unmet: (subject) => {
        const missing = all.filter((tag) => !subject.tags.includes(tag))
        return {
          zh: `客户没有标签${quotedZh(missing, '和')}`,
          en: `the customer lacks the ${missing.length > 1 ? 'tags' : 'tag'} ${quotedEn(missing, 'and')}`,
        }
      },
    }
  if (any)
    yield {
      path: 'when.tags.any',
      holds: (subject) => any.some((tag) => subject.tags.includes(tag)),
      unmet: () => ({
        zh: `客户没有标签${quotedZh(any, '或')}`,
        en: `the customer has no tag ${quotedEn(any, 'or')}`,
      }),
    }
}

function hoursCondition(hours: Hours, clock: ZoneClock): Condition {
  const openingAt = openingHours(hours, clock)
  const wanted = 'within' in hours
  const span = 'within' in hours ? hours.within : hours.outside
  return {
    path: wanted ? 'when.hours.within' : 'when.hours.outside',
    holds: ({ now }) => openingAt(now).open === wanted,
    unmet({ now }) {
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
    path: wanted ? 'when.hours.open' : 'when.hours.closed',
    holds: ({ now }) => openingAt(now).open === wanted,
    unmet({ now }) {
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
