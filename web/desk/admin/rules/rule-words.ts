import type { Action, Rule } from '../../../../src/rules/rule-set.js'
import { incomingTypes } from '../../../../src/wechat/messages/index.js'
import { readReply } from '../../../../src/wechat/messages/reply-form.js'
import { namedText } from '../shared/placeholder-words.js'
import type { Translate } from './conditions/condition-field.js'
import { conditionWords } from './conditions/condition-fields.js'
import { short } from './lines.js'

/** When a rule matches, in a line. */
export function whenWords({ when }: Rule, t: Translate): string {
  const parts = conditionWords(when, t)
  return parts.length === 0 ? t('rules.everyMessage') : parts.join(' · ')
}

/** What a rule does, in a line. */
export function thenWords({ then }: Rule, t: Translate): string {
  return then.length === 0 ? t('rules.staysSilent') : then.map((action) => actionWords(action, t)).join(' · ')
}

function actionWords(action: Action, t: Translate): string {
  if ('handoff' in action) return t('rules.do.handoff')
  if ('transfer' in action) return t('rules.do.transfer')
  if ('assistant' in action) return `${t('rules.do.assistant')}: ${action.assistant}`
  if ('tag' in action) return `${t('rules.do.tag')}: ${action.tag}`
  const { type, texts } = readReply(action.reply)
  const headline = texts.find(({ name }) => name === type.headline)?.text
  const said = t(type.words.reply)
  return headline === undefined ? said : `${said}: ${short(namedText(headline, t))}`
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
  return [...incomingTypes, 'any other type']
}
