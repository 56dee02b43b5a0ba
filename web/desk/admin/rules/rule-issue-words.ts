import type {
  PlacedRuleIssue,
  RuleIssue,
  RuleIssueCode,
  RulePlace,
} from '../../../../src/protocol/rule-problems.js'
import type { ErrorDetail } from '../../api/client.js'
import { fieldsOf, messageTypes } from '../../../../src/wechat/messages/index.js'
import type { AdminKey } from '../admin-texts.js'
import type { AdminText, Translate } from './conditions/condition-field.js'
import { conditionPlaces } from './conditions/condition-fields.js'

const words: Readonly<Record<RuleIssueCode, AdminKey>> = {
  missing: 'rules.issue.missing',
  empty: 'rules.issue.empty',
  wrong_form: 'rules.issue.wrong_form',
  not_storable: 'rules.issue.not_storable',
  not_json: 'rules.issue.not_json',
  unknown_keys: 'rules.issue.unknown_keys',
  needs_one: 'rules.issue.needs_one',
  too_long: 'rules.issue.too_long',
  too_many: 'rules.issue.too_many',
  spaces: 'rules.issue.spaces',
  one_line: 'rules.issue.one_line',
  span: 'rules.issue.span',
  date: 'rules.issue.date',
  date_twice: 'rules.issue.date_twice',
  zone: 'rules.issue.zone',
  name_taken: 'rules.issue.name_taken',
  expression: 'rules.issue.expression',
  expression_lookaround: 'rules.issue.expression_lookaround',
  expression_backreference: 'rules.issue.expression_backreference',
  expression_possessive: 'rules.issue.expression_possessive',
  expression_too_large: 'rules.issue.expression_too_large',
  expression_too_wide: 'rules.issue.expression_too_wide',
  expressions_too_large: 'rules.issue.expressions_too_large',
  expressions_too_wide: 'rules.issue.expressions_too_wide',
  hours_unknown: 'rules.issue.hours_unknown',
  type_with_event: 'rules.issue.type_with_event',
  text_with_event: 'rules.issue.text_with_event',
  text_with_type: 'rules.issue.text_with_type',
  holiday_and_workday: 'rules.issue.holiday_and_workday',
  transfer_of_event: 'rules.issue.transfer_of_event',
  second_destination: 'rules.issue.second_destination',
  assistant_of_event: 'rules.issue.assistant_of_event',
  assistant_not_last: 'rules.issue.assistant_not_last',
  reply_too_long: 'rules.issue.reply_too_long',
  placeholder_open: 'rules.issue.placeholder_open',
  placeholder_unknown: 'rules.issue.placeholder_unknown',
  placeholder_without_match: 'rules.issue.placeholder_without_match',
  placeholder_without_group: 'rules.issue.placeholder_without_group',
  placeholder_not_here: 'rules.issue.placeholder_not_here',
  never_matches: 'rules.issue.never_matches',
  reply_in_parts: 'rules.issue.reply_in_parts',
  media_ends: 'rules.issue.media_ends',
  too_many_after_message: 'rules.issue.too_many_after_message',
  too_many_after_enter: 'rules.issue.too_many_after_enter',
  event_without_conversation: 'rules.issue.event_without_conversation',
  only_tags: 'rules.issue.only_tags',
  reply_before_assistant: 'rules.issue.reply_before_assistant',
}

/** The parts of a rule and of business hours, by the end of their place; a number stands as `#`. The last that fits counts. */
const places: readonly (readonly [end: string, text: AdminText])[] = [
  ['#', 'rules.place.item'],
  ['name', 'rules.name'],
  ['when', 'rules.when'],
  ...conditionPlaces,
  ['equals', 'rules.by.equals'],
  ['contains', 'rules.by.contains'],
  ['matches', 'rules.by.matches'],
  ['within', 'rules.hours.within'],
  ['outside', 'rules.hours.outside'],
  ['hours.open', 'rules.hours.open'],
  ['hours.closed', 'rules.hours.closed'],
  ['zone', 'rules.zone'],
  ['days', 'rules.days'],
  ['holidays', 'rules.holidays'],
  ['workdays', 'rules.workdays'],
  ['any', 'rules.tags.any'],
  ['all', 'rules.tags.all'],
  ['none', 'rules.tags.none'],
  ['then', 'rules.then'],
  ['then.#', 'rules.actionKind'],
  ...messageTypes.flatMap((type): [string, AdminText][] => {
    const reply = `reply.${type.msgType}`
    const fields = fieldsOf(type).map(([name, { label }]): [string, AdminText] => [
      type.isBare ? reply : `${reply}.${name}`,
      label,
    ])
    return [[reply, type.words.name], ...fields]
  }),
  ['handoff', 'rules.text.handoff'],
  ['transfer', 'rules.do.transfer'],
  ['tag', 'rules.text.tag'],
  ['assistant', 'rules.text.assistant'],
  ['week', 'hours.week'],
  ['dates', 'hours.dates'],
  ['dates.#', 'hours.date'],
  ['dates.#.hours', 'hours.dateHours'],
]

/** An issue in words, without its place. */
export function issueWords({ code, params }: RuleIssue, t: Translate): string {
  // A later service may have other codes.
  const key = Object.hasOwn(words, code) ? words[code] : 'rules.issue.wrong_form'
  return t(
    key,
    Object.fromEntries(
      Object.entries(params).map(([name, value]: [string, string | number | readonly string[]]) => {
        if (name === 'place') return ['number', Number(value) + 1]
        return [name, typeof value === 'object' ? value.join(t('row.comma')) : value]
      }),
    ),
  )
}

/** A place within a rule, or within business hours, as the form calls it: `动作 1 › 回复内容`. */
export function placeWords(place: RulePlace, t: Translate): string {
  const parts = place.flatMap((part, index) => {
    if (part === 'reply' || ((part === 'when' || part === 'then') && index < place.length - 1)) return []
    const path = place.slice(0, index + 1)
    const written = path.map((one) => (typeof one === 'number' ? '#' : one)).join('.')
    const number = path.findLast((one) => typeof one === 'number') ?? 0
    const key = places.findLast(([end]) => written === end || written.endsWith(`.${end}`))?.[1]
    return [key === undefined ? String(part) : t(key, { number: number + 1 })]
  })
  return parts.join(' › ')
}

/** An issue in words, with its place within the rule where it has one. */
export function placedWords(issue: RuleIssue, place: RulePlace, t: Translate): string {
  const said = issueWords(issue, t)
  return place.length === 0 ? said : t('rules.issue.at', { place: placeWords(place, t), words: said })
}

/** An issue in words, with the rule that it is about and its place there. */
export function issueLine(issue: PlacedRuleIssue, t: Translate): string {
  const said = placedWords(issue, issue.at.slice(2), t)
  return issue.rule === null ? said : t('rules.issue.of', { rule: issue.rule, words: said })
}

/** The issues of an error whose reason is `rules`, and how many more there are. Undefined for another error. */
export function issuesOf({
  reason,
  params,
}: ErrorDetail): { issues: readonly PlacedRuleIssue[]; more: number } | undefined {
  if (reason !== 'rules' || !Array.isArray(params?.['problems'])) return undefined
  return { issues: params['problems'] as PlacedRuleIssue[], more: Number(params['more'] ?? 0) }
}
