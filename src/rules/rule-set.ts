import { z } from 'zod'
import { isZone, parseDay, parseSpan } from './business-hours.js'
import { expressionProblem } from './expression.js'

// The form of a rules file: an outside contract, spoken by `kefu rules` and by /api/v1/rules. Each message says
// what the value must be, since it is read beside the value's path and nothing else.

interface Refused {
  readonly code?: string | undefined
  readonly input?: unknown
  readonly keys?: readonly string[]
}
type Explained = { error: (issue: Refused) => string }

function must(be: string): Explained {
  return { error: (issue) => (issue.input === undefined ? `is missing: it must be ${be}` : `must be ${be}`) }
}

/** An object that takes these keys and no others. */
function closed<S extends z.core.$ZodShape>(be: string, shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue: Refused) =>
      issue.code === 'unrecognized_keys'
        ? `has ${list(issue.keys ?? [])}, which is not known here: it takes ${list(Object.keys(shape))}`
        : must(be).error(issue),
  })
}

function list(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ')
}

function text(be: string, most: number): z.ZodString {
  return z
    .string(must(be))
    .min(1, `must not be empty: it must be ${be}`)
    .max(most, `must not be longer than ${most} characters`)
}

function oneOrMore<T extends z.ZodType>(item: T, be: string): z.ZodUnion<readonly [T, z.ZodArray<T>]> {
  const items = z
    .array(item)
    .min(1, `must not be empty: it must be ${be}`)
    .max(1000, 'must not hold more than 1000')
  return z.union([item, items], must(be))
}

const trimmed = (value: string): boolean => value === value.trim()
const oneLine = (value: string): boolean => !/\p{Cc}/u.test(value)
const SPACES = 'must not start or end with a space'

const tagSchema = text('a tag, such as "vip"', 64).refine(trimmed, SPACES).refine(oneLine, 'must be one line')

const words = 'a text or a list of texts, such as ["退款", "退货"]'
const word = text('a text', 1000)
const expression = text('a regular expression, such as "^订单\\\\s*(\\\\d+)$"', 1000).refine(
  (pattern) => expressionProblem(pattern) === undefined,
  { error: ({ input }) => (typeof input === 'string' ? expressionProblem(input) : undefined) },
)

function comparison<T extends z.ZodType<string>>(equal: T) {
  return closed('an object with "equals", "contains" or "matches"', {
    equals: oneOrMore(equal, words).exactOptional(),
    contains: oneOrMore(word, words).exactOptional(),
    matches: oneOrMore(expression, 'a regular expression or a list of them').exactOptional(),
    caseSensitive: z.boolean(must('true or false')).exactOptional(),
  }).refine(
    ({ equals, contains, matches }) => (equals ?? contains ?? matches) !== undefined,
    'must have "equals", "contains" or "matches"',
  )
}

const span = z
  .string(must('a span such as "09:00-18:00"'))
  .refine(
    (value) => parseSpan(value) !== undefined,
    'must be a span HH:MM-HH:MM such as "09:00-18:00", "22:00-06:00" or "00:00-24:00", and not end where it starts',
  )
const dates = z.array(
  z
    .string(must('a date such as "2026-10-01"'))
    .refine((value) => parseDay(value) !== undefined, 'must be a date YYYY-MM-DD that the calendar has'),
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
    .refine(isZone, 'must be a time zone by its IANA name, such as "Asia/Shanghai"'),
  holidays: dates.exactOptional(),
  workdays: dates.exactOptional(),
}
const scheduleName = text('the name of business hours, such as "客服时间"', 64)
  .refine(trimmed, SPACES)
  .refine(oneLine, 'must be one line')
const hoursSchema = z.union(
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
          .refine(
            (value) => parseDay(value) !== undefined,
            'must be a date YYYY-MM-DD that the calendar has',
          ),
        hours: spans,
      }),
      must(`a list of days that are otherwise, each ${A_DATE}`),
    )
    .max(400, 'must not hold more than 400 days')
    .exactOptional(),
})

const tags = oneOrMore(tagSchema, 'a tag or a list of tags')
const tagsSchema = closed('an object with "any", "all" or "none"', {
  any: tags.exactOptional(),
  all: tags.exactOptional(),
  none: tags.exactOptional(),
}).refine(({ any, all, none }) => (any ?? all ?? none) !== undefined, 'must have "any", "all" or "none"')

const typeSchema = z.enum(['text', 'image', 'miniprogrampage'], must('"text", "image" or "miniprogrampage"'))

const whenSchema = closed('an object: {} for every message', {
  event: z
    .string(must('the name of an event, such as "user_enter_tempsession"'))
    .regex(/^\w{1,64}$/, 'must be the name of an event, such as "user_enter_tempsession"')
    .exactOptional(),
  type: oneOrMore(typeSchema, '"text", "image", "miniprogrampage" or a list of them').exactOptional(),
  text: comparison(word.refine(trimmed, `${SPACES}: messages are compared without`)).exactOptional(),
  sessionFrom: comparison(word).exactOptional(),
  hours: hoursSchema.exactOptional(),
  tags: tagsSchema.exactOptional(),
})

const isAiMsg = z.boolean(must('true or false')).exactOptional()
const webAddress = text('a web address', 2000).regex(
  /^https?:\/\/[^\s/?#{}]+/i,
  'must start with https:// and a host',
)
const mediaId = text('a media id', 256)
const cardTitle = text('a title', 200)

const replySchema = z.union(
  [
    closed('a reply', {
      text: z
        .string(must('a text'))
        .max(10_240, 'must not be longer than 10240 characters')
        .refine((value) => value.trim() !== '', 'must not be blank'),
      isAiMsg,
    }),
    closed('a reply', { image: closed('an image: { "mediaId": "…" }', { mediaId }), isAiMsg }),
    closed('a reply', {
      link: closed(
        'a link: { "title": "…", "description": "…", "url": "https://…", "thumbUrl": "https://…" }',
        {
          title: cardTitle,
          description: z
            .string(must('a text, which may be empty'))
            .max(500, 'must not be longer than 500 characters'),
          url: webAddress,
          thumbUrl: webAddress,
        },
      ),
      isAiMsg,
    }),
    closed('a reply', {
      miniprogrampage: closed('a card: { "title": "…", "pagePath": "pages/…", "thumbMediaId": "…" }', {
        title: cardTitle,
        pagePath: text('a page as in app.json, such as "pages/order/detail?id=1"', 1000),
        thumbMediaId: mediaId,
      }),
      isAiMsg,
    }),
  ],
  must(
    'an object with exactly one of "text", "image", "link" and "miniprogrampage", such as { "text": "…" }',
  ),
)

const actionSchema = z.union(
  [
    closed('an action', { reply: replySchema }),
    closed('an action', {
      handoff: text('the reason that agents read', 200).refine(oneLine, 'must be one line'),
    }),
    closed('an action', { transfer: z.literal(true, must('true')) }),
    closed('an action', { tag: tagSchema }),
  ],
  must('an object with exactly one of "reply", "handoff", "transfer" and "tag"'),
)

/** One rule: when it matches, and what it then does, in order. */
export const ruleSchema = closed('a rule: { "name": "…", "when": {…}, "then": […] }', {
  name: text('a name, which no other rule has', 64)
    .refine(trimmed, SPACES)
    .refine(oneLine, 'must be one line'),
  enabled: z.boolean(must('true or false')).exactOptional(),
  when: whenSchema,
  then: z
    .array(actionSchema, must('a list of actions; [] stays silent'))
    .max(20, 'must not hold more than 20 actions'),
})

/** A rules file. Reading one is checkRules' work, which also sees what no single field shows. */
export const ruleSetSchema = closed('an object: { "rules": […] }', {
  rules: z.array(ruleSchema, must('a list of rules')).max(10_000, 'must not hold more than 10000 rules'),
  schedules: z
    .array(scheduleSchema, must('a list of business hours'))
    .max(50, 'must not hold more than 50')
    .exactOptional(),
})

export type RuleSet = z.infer<typeof ruleSetSchema>
export type Rule = RuleSet['rules'][number]
export type When = Rule['when']
export type Comparison = NonNullable<When['text']>
/** Hours that a rule says itself. */
export type Hours = Exclude<NonNullable<When['hours']>, ScheduleUse>
/** Hours by the name of a schedule. */
export type ScheduleUse = Extract<NonNullable<When['hours']>, { open: string } | { closed: string }>
export type Tags = NonNullable<When['tags']>
export type Action = Rule['then'][number]
export type Reply = Extract<Action, { reply: unknown }>['reply']

/** Where one or a list may be written: the list. */
export function listOf<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value
}
