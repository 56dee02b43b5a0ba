import type { NoParams, ParamsArgument } from './coded.js'
import type { PlacedRuleIssue } from './rule-problems.js'

/** The status of each `code` of an error of the API. */
export const errorStatus = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  too_many: 429,
  unavailable: 503,
  /** The service starts or stops, or can’t keep anything. */
  not_ready: 503,
  /** Settings that can’t work. */
  config: 422,
  /** Another agent has the conversation. */
  not_yours: 403,
  /** Not in the state that it is in. */
  not_possible: 409,
  business_conversation: 409,
  /** WeChat’s allowance leaves no room for a message. */
  allowance: 409,
} as const
export type ErrorCode = keyof typeof errorStatus

interface Field {
  /** Which part of the input, such as `message.content`; empty for the whole. */
  readonly field: string
}
interface FieldLimit extends Field {
  readonly limit: number
}
interface App {
  readonly appId: string
}

/** Why a request is refused, more exactly than its `code`, with the values that words for it need. */
export interface RefusalParams {
  // Input
  missing: Field
  form: Field
  unknown: Field
  too_long: FieldLimit
  too_short: FieldLimit
  too_big: FieldLimit
  too_small: FieldLimit
  // Agents and sessions
  admin_only: NoParams
  agent_name: NoParams
  agent_taken: { readonly name: string }
  agent_self: NoParams
  last_admin: NoParams
  sign_in_wrong: NoParams
  sign_in_often: { readonly seconds: number }
  https_only: NoParams
  link_ended: NoParams
  password: NoParams
  password_wrong: NoParams
  password_ended: NoParams
  password_same: NoParams
  password_due: NoParams
  reload: NoParams
  foreign: NoParams
  other_database: NoParams
  submit_done: NoParams
  client_id_used: NoParams
  // Mini Programs, and who may see which
  app_exists: App
  app_fixed: App
  app_key_missing: NoParams
  app_foreign: App
  apps_beyond: NoParams
  rules_of_all: NoParams
  hours_of_all: NoParams
  // Rules and business hours
  /** The first of them; `more` are left out. */
  rules: { readonly problems: readonly PlacedRuleIssue[]; readonly more: number }
  rules_changed: NoParams
  hours_changed: NoParams
  // Canned replies and webhooks
  shortcut_taken: NoParams
  placeholder: Field & { readonly placeholder: string }
  placeholder_open: Field
  canned_app: NoParams
  // Knowledge and assistants
  entry_changed: NoParams
  knowledge_full: { readonly count: number; readonly limit: number }
  knowledge_app: NoParams
  exam_full: { readonly limit: number }
  exams_of_all: NoParams
  /** `limit` in characters. */
  source_url: { readonly limit: number }
  source_user: NoParams
  source_private: NoParams
  source_known: NoParams
  source_limit: { readonly limit: number }
  /** The file or table has no row that could be read. */
  import_empty: NoParams
  /** The same of a table of cases. */
  cases_empty: NoParams
  /** It is none of the kinds that are read. */
  file_kind: NoParams
  file_broken: NoParams
  /** It unpacks to too much, or takes too long to read. */
  file_too_much: NoParams
  /** Its pages are pictures. */
  file_no_text: NoParams
  /** Other files are being read. */
  file_busy: NoParams
  assistant_unknown: { readonly name: string }
  /** `limit` in characters. */
  hook_url: { readonly limit: number }
  hook_user: NoParams
  hook_private: NoParams
  hook_events: NoParams
  hook_limit: { readonly limit: number }
  hook_secret_lost: NoParams
  delivery_sending: NoParams
  // Pictures, reports, exports
  picture_unreadable: NoParams
  picture_unsupported: NoParams
  picture_too_large: NoParams
  picture_expired: NoParams
  picture_unshowable: NoParams
  report_days: { readonly limit: number }
  reads_busy: NoParams
  export_running: NoParams
  exports_busy: NoParams
}
export type RefusalReason = keyof RefusalParams

/** A reason with its parameters. */
export type Refusal = {
  [R in RefusalReason]: { readonly reason: R; readonly params: RefusalParams[R] }
}[RefusalReason]

export function refusal<R extends RefusalReason>(
  reason: R,
  ...[params]: ParamsArgument<RefusalParams[R]>
): Refusal {
  return { reason, params: params ?? {} } as Refusal
}
