import type { Action, Comparison, Rule } from '../../../../src/rules/rule-set.js'
import type { AdminTexts } from '../admin-texts.js'
import { namedText } from '../shared/placeholder-words.js'

type Translate = AdminTexts['t']['value']

const ENTERED = 'user_enter_tempsession'
const MOST_WORDS = 4
const MOST_CHARACTERS = 40

/** When a rule matches, in a line. */
export function whenWords({ when }: Rule, t: Translate): string {
  const { event, type, text, sessionFrom, hours, tags } = when
  const parts = [
    event === undefined ? '' : `${t('rules.event')} ${event === ENTERED ? t('rules.entered') : event}`,
    type === undefined ? '' : `${t('rules.type')} ${listed(typesOf(type, t), t)}`,
    ...comparisonWords(t('rules.text'), text, t),
    ...comparisonWords(t('rules.sessionFrom'), sessionFrom, t),
    hours === undefined ? '' : hoursWords(hours, t),
    ...(['any', 'all', 'none'] as const).map((by) =>
      tags?.[by] === undefined ? '' : `${t('rules.tags')} ${t(`rules.tags.${by}`)} ${listed(tags[by], t)}`,
    ),
  ].filter((part) => part !== '')
  return parts.length === 0 ? t('rules.everyMessage') : parts.join(' · ')
}

/** What a rule does, in a line. */
export function thenWords({ then }: Rule, t: Translate): string {
  return then.length === 0 ? t('rules.staysSilent') : then.map((action) => actionWords(action, t)).join(' · ')
}

function typesOf(type: NonNullable<Rule['when']['type']>, t: Translate): string[] {
  return (typeof type === 'string' ? [type] : type).map((one) => t(`rules.type.${one}`))
}

function hoursWords(hours: NonNullable<Rule['when']['hours']>, t: Translate): string {
  if ('open' in hours) return `${t('hours.open')} ${hours.open}`
  if ('closed' in hours) return `${t('hours.closedNow')} ${hours.closed}`
  return 'within' in hours
    ? `${t('rules.hours.within')} ${hours.within}`
    : `${t('rules.hours.outside')} ${hours.outside}`
}

function comparisonWords(what: string, comparison: Comparison | undefined, t: Translate): string[] {
  return (['equals', 'contains', 'matches'] as const).flatMap((by) => {
    const words = comparison?.[by]
    return words === undefined ? [] : `${what} ${t(`rules.by.${by}`)} ${listed(words, t)}`
  })
}

function actionWords(action: Action, t: Translate): string {
  if ('handoff' in action) return t('rules.do.handoff')
  if ('transfer' in action) return t('rules.do.transfer')
  if ('tag' in action) return `${t('rules.do.tag')}: ${action.tag}`
  const { reply } = action
  if ('text' in reply) return `${t('rules.do.text')}: ${short(namedText(reply.text, t))}`
  if ('image' in reply) return t('rules.do.image')
  if ('link' in reply) return `${t('rules.do.link')}: ${short(reply.link.title)}`
  return `${t('rules.do.card')}: ${short(reply.miniprogrampage.title)}`
}

function listed(value: string | readonly string[], t: Translate): string {
  const words = typeof value === 'string' ? [value] : value
  const shown = words.slice(0, MOST_WORDS).map(short).join(t('row.comma'))
  return words.length > MOST_WORDS ? `${shown}…` : shown
}

function short(text: string): string {
  const characters = Array.from(text.replaceAll(/\s+/g, ' ').trim())
  return characters.length > MOST_CHARACTERS
    ? `${characters.slice(0, MOST_CHARACTERS).join('')}…`
    : characters.join('')
}

/** For each rule the name of an earlier one that takes all that it could match, or null: it would never answer. */
export function shadowedBy(rules: readonly Rule[]): (string | null)[] {
  const takers: Rule[] = []
  return rules.map((rule) => {
    if (rule.enabled === false) return null
    const taker = takers.find((each) => reachOf(rule).every((word) => reachOf(each).includes(word)))
    if (Object.keys(rule.when).every((key) => key === 'event' || key === 'type')) takers.push(rule)
    return taker?.name ?? null
  })
}

/** What a rule may match at all: an event, or types of messages. */
function reachOf({ when }: Rule): readonly string[] {
  if (when.event !== undefined) return [`event ${when.event}`]
  if (when.text !== undefined) return ['text']
  if (when.type !== undefined) return typeof when.type === 'string' ? [when.type] : when.type
  return ['text', 'image', 'miniprogrampage', 'any other type']
}
