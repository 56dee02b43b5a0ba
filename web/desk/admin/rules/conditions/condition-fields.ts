import type { Comparison, When } from '../../../../../src/rules/rule-set.js'
import { eventNames, type EventName } from '../../../../../src/wechat/messages/event-names.js'
import { incomingTypes, knownType } from '../../../../../src/wechat/messages/index.js'
import { linesOf, listed, listOf } from '../lines.js'
import { conditionField, type AdminText, type ConditionField, type Translate } from './condition-field.js'

export interface ComparisonDraft {
  by: 'equals' | 'contains' | 'matches'
  /** One on each line. */
  lines: string
}

export const namedEvents = Object.keys(eventNames) as readonly EventName[]

const textField = comparisonField('rules.text')
const sessionFromField = comparisonField('rules.sessionFrom')

function comparisonField(label: AdminText): ConditionField<Comparison, ComparisonDraft> {
  return conditionField({
    label,
    hint: 'rules.linesHint',
    draft(comparison: Comparison | undefined): ComparisonDraft {
      const by = comparison?.equals ? 'equals' : comparison?.matches ? 'matches' : 'contains'
      return { by, lines: listOf(comparison?.[by]).join('\n') }
    },
    value({ by, lines }: ComparisonDraft): Comparison | undefined {
      const words = linesOf(lines)
      return words.length === 0 ? undefined : { [by]: words }
    },
    words: (comparison: Comparison, t: Translate) =>
      (['equals', 'contains', 'matches'] as const).flatMap((by) => {
        const words = comparison[by]
        return words === undefined ? [] : `${t(label)} ${t(`rules.by.${by}`)} ${listed(listOf(words), t)}`
      }),
  })
}

type Types = NonNullable<When['type']>

const typeField = conditionField({
  label: 'rules.type',
  hint: null,
  draft: (types: Types | undefined): string[] => [...listOf(types)],
  value(draft: string[]): Types | undefined {
    const types = incomingTypes.filter((type) => draft.includes(type))
    return types.length === 0 ? undefined : types
  },
  words: (types, t) => [
    `${t('rules.type')} ${listed(
      listOf(types).map((type) => t(knownType(type).words.name)),
      t,
    )}`,
  ],
})

/** An event that kefu knows, or one that was typed. */
export interface EventDraft {
  choice: EventName | 'other' | ''
  typed: string
  /** Whether a name that kefu does not know was meant as it stands. */
  isMeant: boolean
}

const eventField = conditionField({
  label: 'rules.event',
  hint: 'rules.eventHint',
  draft(event: string | undefined): EventDraft {
    if (event === undefined) return { choice: '', typed: '', isMeant: false }
    const known = namedEvents.find((name) => name === event)
    return known
      ? { choice: known, typed: '', isMeant: false }
      : { choice: 'other', typed: event, isMeant: true }
  },
  value({ choice, typed }: EventDraft): string | undefined {
    const event = choice === 'other' ? typed.trim() : choice
    return event === '' ? undefined : event
  },
  words(event, t) {
    const known = namedEvents.find((name) => name === event)
    return [known ? t(eventNames[known]) : `${t('rules.event')} ${event}`]
  },
})

type Hours = NonNullable<When['hours']>

/** Hours of the rule's own (`within`, `outside`), or by the name of business hours (`open`, `closed`). */
export interface HoursDraft {
  by: 'within' | 'outside' | 'open' | 'closed'
  span: string
  days: number[]
  zone: string
  name: string
}

export const hoursWays = ['within', 'outside', 'open', 'closed'] as const

const hoursField = conditionField({
  label: 'rules.hours',
  hint: 'rules.hoursHint',
  draft(hours: Hours | undefined): HoursDraft {
    const none: HoursDraft = { by: 'outside', span: '', days: [], zone: 'Asia/Shanghai', name: '' }
    if (hours === undefined) return none
    if ('open' in hours) return { ...none, by: 'open', name: hours.open }
    if ('closed' in hours) return { ...none, by: 'closed', name: hours.closed }
    const its = { ...none, days: [...(hours.days ?? [])], zone: hours.zone }
    return 'within' in hours
      ? { ...its, by: 'within', span: hours.within }
      : { ...its, by: 'outside', span: hours.outside }
  },
  value({ by, span, days, zone, name }: HoursDraft): Hours | undefined {
    if (by === 'open' || by === 'closed')
      return name === '' ? undefined : by === 'open' ? { open: name } : { closed: name }
    if (span.trim() === '') return undefined
    const calendar = { ...(days.length === 0 ? {} : { days }), zone: zone.trim() }
    return by === 'within' ? { within: span.trim(), ...calendar } : { outside: span.trim(), ...calendar }
  },
  words(hours, t) {
    if ('open' in hours) return [`${t('hours.open')} ${hours.open}`]
    if ('closed' in hours) return [`${t('hours.closedNow')} ${hours.closed}`]
    return 'within' in hours
      ? [`${t('rules.hours.within')} ${hours.within}`]
      : [`${t('rules.hours.outside')} ${hours.outside}`]
  },
})

type Tags = NonNullable<When['tags']>

export interface TagsDraft {
  by: 'any' | 'all' | 'none'
  /** One on each line. */
  lines: string
}

export const tagWays = ['any', 'all', 'none'] as const

const tagsField = conditionField({
  label: 'rules.tags',
  hint: 'rules.tagsHint',
  draft(tags: Tags | undefined): TagsDraft {
    const by = tagWays.find((way) => tags?.[way]) ?? 'any'
    return { by, lines: listOf(tags?.[by]).join('\n') }
  },
  value({ by, lines }: TagsDraft): Tags | undefined {
    const tags = linesOf(lines)
    return tags.length === 0 ? undefined : { [by]: tags }
  },
  words: (tags, t) =>
    tagWays.flatMap((by) =>
      tags[by] === undefined
        ? []
        : `${t('rules.tags')} ${t(`rules.tags.${by}`)} ${listed(listOf(tags[by]), t)}`,
    ),
})

type Known = { readonly [K in keyof When]-?: ConditionField<NonNullable<When[K]>, unknown> }

/** The form's field for each condition, in the form's order. The compiler asks for that of a new one. */
export const conditionFields = {
  text: textField,
  type: typeField,
  event: eventField,
  sessionFrom: sessionFromField,
  hours: hoursField,
  tags: tagsField,
} satisfies Known

type Fields = typeof conditionFields
/** The conditions of a rule as the form edits them. */
export type ConditionDrafts = { [K in keyof Fields]: ReturnType<Fields[K]['draft']> }

const fields: readonly [key: string, field: ConditionField<unknown, unknown>][] =
  Object.entries(conditionFields)

export function conditionDrafts(when: When): ConditionDrafts {
  return Object.fromEntries(
    fields.map(([key, field]) => [key, field.draft(Reflect.get(when, key))]),
  ) as unknown as ConditionDrafts
}

/** The inverse of conditionDrafts; an empty field is no condition. */
export function conditionsOf(drafts: ConditionDrafts): When {
  return Object.fromEntries(
    fields.flatMap(([key, field]) => {
      const value = field.value(Reflect.get(drafts, key))
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

/** The conditions in a line, in parts. */
export function conditionWords(when: When, t: Translate): string[] {
  return fields.flatMap(([key, field]) => {
    const value: unknown = Reflect.get(when, key)
    return value === undefined ? [] : field.words(value, t)
  })
}

/** The label of each condition by its place in a rule: `when.text`. */
export const conditionPlaces: readonly (readonly [place: string, label: AdminText])[] = fields.map(
  ([key, { label }]) => [`when.${key}`, label],
)
