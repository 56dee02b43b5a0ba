import type { Coded, NoParams, ParamsArgument } from './coded.js'

interface Keys {
  readonly keys: readonly string[]
}
interface Limit {
  readonly limit: number
}
interface Placeholder {
  /** As it is written, such as `{{match.1}}`. */
  readonly placeholder: string
}

/** The errors of rules and business hours, by their codes. */
export interface RuleErrorParams {
  missing: NoParams
  empty: NoParams
  wrong_form: NoParams
  /** Characters or numbers that not every database keeps. */
  not_storable: NoParams
  /** The file is not JSON. */
  not_json: NoParams
  unknown_keys: Keys
  /** One of these keys must be there. */
  needs_one: Keys
  /** In characters. */
  too_long: Limit
  too_many: Limit
  spaces: NoParams
  one_line: NoParams
  /** Not HH:MM-HH:MM. */
  span: NoParams
  /** No day of the calendar. */
  date: NoParams
  date_twice: NoParams
  zone: NoParams
  /** Another has the name; `place` counts from 0. */
  name_taken: { readonly place: number }
  /** `problem` is RE2's own description. */
  expression: { readonly problem: string }
  expression_lookaround: NoParams
  expression_backreference: NoParams
  expression_possessive: NoParams
  /** In steps of its program. */
  expression_too_large: Limit
  expression_too_wide: NoParams
  expressions_too_large: Limit
  expressions_too_wide: NoParams
  hours_unknown: { readonly name: string }
  type_with_event: NoParams
  text_with_event: NoParams
  text_with_type: NoParams
  holiday_and_workday: { readonly day: string }
  transfer_of_event: NoParams
  second_destination: NoParams
  assistant_of_event: NoParams
  assistant_not_last: NoParams
  reply_too_long: { readonly parts: number; readonly bytes: number; readonly limit: number }
  placeholder_open: NoParams
  placeholder_unknown: Placeholder
  /** There is no expression that it could be from. */
  placeholder_without_match: Placeholder
  placeholder_without_group: Placeholder
  placeholder_not_here: NoParams
}
export type RuleErrorCode = keyof RuleErrorParams

/** The doubtful points of rules that can work, by their codes. */
export interface RuleWarningParams {
  never_matches: { readonly name: string }
  reply_in_parts: { readonly parts: number; readonly bytes: number }
  media_ends: { readonly hours: number }
  too_many_after_message: { readonly messages: number; readonly limit: number }
  too_many_after_enter: { readonly messages: number; readonly limit: number }
  event_without_conversation: NoParams
  only_tags: NoParams
  reply_before_assistant: { readonly messages: number }
}
export type RuleWarningCode = keyof RuleWarningParams

/** An error or a warning, with its parameters. */
export type RuleIssue = Coded<RuleErrorParams & RuleWarningParams>
export type RuleIssueCode = RuleIssue['code']

/** Where in a rules file, such as `['rules', 2, 'when', 'text']`; empty for the whole. */
export type RulePlace = readonly (string | number)[]

/** An issue as the API has it. */
export type PlacedRuleIssue = RuleIssue & { readonly at: RulePlace; readonly rule: string | null }

export function ruleIssue<C extends RuleIssueCode>(
  code: C,
  ...[params]: ParamsArgument<(RuleErrorParams & RuleWarningParams)[C]>
): RuleIssue {
  return { code, params: params ?? {} } as RuleIssue
}
