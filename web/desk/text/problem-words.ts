import type { ErrorCode, RefusalReason } from '../../../src/protocol/refusals.js'
import type { DeskError } from '../api/client.js'
import type { I18n, MessageKey } from '../locales/i18n.js'

/** The part of an error that is put into words, and can be kept. */
export type Refused = Pick<DeskError, 'code' | 'message' | 'detail'>

/** The words for an error: the service's own sentence, which is English, only where the page has none. */
export function problemWords(error: Refused, { t, language }: I18n): string {
  const { code, message, detail } = error
  const { reason = '', params = {} } = detail
  const key = ownOf(reasons, reason)
  if (key !== undefined) {
    const { field, ...others } = textsOf(params)
    const where = fieldName(field, t.value)
    // Without a field there is nothing to name.
    if (where !== '' || !aboutField.has(reason)) return t.value(key, { ...others, field: where })
  }
  // In English the service says it more exactly.
  const known = ownOf(codes, code)
  if (known !== undefined && !(general.has(code) && language.value === 'en' && message !== ''))
    return t.value(known)
  return message === '' || language.value !== 'en' ? t.value('problem.other', { code }) : message
}

/** The parameters that a sentence can hold. */
function textsOf(params: Readonly<Record<string, unknown>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [],
    ),
  )
}

function fieldName(field: string | number = '', t: I18n['t']['value']): string {
  const part = String(field)
    .split('.')
    .findLast((one) => !/^\d*$/.test(one))
  if (part === undefined) return ''
  const key = ownOf(fields, part)
  return key === undefined ? part : t(key)
}

const codes: Readonly<Record<ErrorCode | 'unreachable' | '413', MessageKey>> = {
  // Not in the service's own form: something in front of it has answered.
  413: 'problem.tooLargeProxy',
  unreachable: 'problem.unreachable',
  allowance: 'problem.allowance',
  not_yours: 'problem.notYours',
  not_possible: 'problem.notPossible',
  business_conversation: 'problem.business',
  not_found: 'problem.notFound',
  forbidden: 'problem.forbidden',
  too_many: 'problem.tooMany',
  too_large: 'problem.tooLarge',
  unavailable: 'problem.unavailable',
  not_ready: 'problem.unavailable',
  unauthorized: 'problem.unauthorized',
  bad_request: 'problem.invalid',
  invalid: 'problem.invalid',
  config: 'problem.invalid',
  conflict: 'problem.conflict',
}
/** Codes that say little by themselves. */
const general: ReadonlySet<string> = new Set(['bad_request', 'invalid', 'config', 'conflict'])

const reasons: Readonly<Record<RefusalReason, MessageKey>> = {
  missing: 'refusal.missing',
  form: 'refusal.form',
  unknown: 'refusal.unknown',
  too_long: 'refusal.tooLong',
  too_short: 'refusal.tooShort',
  too_big: 'refusal.tooBig',
  too_small: 'refusal.tooSmall',
  admin_only: 'refusal.adminOnly',
  agent_name: 'refusal.agentName',
  agent_taken: 'refusal.agentTaken',
  agent_self: 'refusal.agentSelf',
  last_admin: 'refusal.lastAdmin',
  sign_in_wrong: 'signIn.wrong',
  sign_in_often: 'refusal.signInOften',
  https_only: 'refusal.httpsOnly',
  link_ended: 'setup.badLink',
  password: 'refusal.password',
  password_wrong: 'password.wrong',
  password_ended: 'refusal.passwordEnded',
  password_same: 'refusal.passwordSame',
  password_due: 'refusal.passwordDue',
  reload: 'refusal.reload',
  foreign: 'refusal.foreign',
  other_database: 'refusal.otherDatabase',
  submit_done: 'refusal.submitDone',
  client_id_used: 'refusal.clientIdUsed',
  app_exists: 'refusal.appExists',
  app_fixed: 'refusal.appFixed',
  app_key_missing: 'refusal.appKeyMissing',
  app_foreign: 'refusal.appForeign',
  apps_beyond: 'refusal.appsBeyond',
  rules_of_all: 'refusal.rulesOfAll',
  hours_of_all: 'refusal.hoursOfAll',
  rules: 'refusal.rules',
  rules_changed: 'refusal.rulesChanged',
  hours_changed: 'refusal.hoursChanged',
  shortcut_taken: 'refusal.shortcutTaken',
  placeholder: 'refusal.placeholder',
  placeholder_open: 'refusal.placeholderOpen',
  canned_app: 'refusal.cannedApp',
  entry_changed: 'refusal.entryChanged',
  knowledge_full: 'refusal.knowledgeFull',
  knowledge_app: 'refusal.cannedApp',
  exam_full: 'refusal.examFull',
  exams_of_all: 'refusal.examsOfAll',
  source_url: 'refusal.sourceUrl',
  source_user: 'refusal.sourceUser',
  source_private: 'refusal.sourcePrivate',
  source_known: 'refusal.sourceKnown',
  source_limit: 'refusal.sourceLimit',
  import_empty: 'refusal.importEmpty',
  cases_empty: 'refusal.casesEmpty',
  file_kind: 'refusal.fileKind',
  file_broken: 'refusal.fileBroken',
  file_too_much: 'refusal.fileTooMuch',
  file_no_text: 'refusal.fileNoText',
  file_busy: 'refusal.fileBusy',
  assistant_unknown: 'refusal.assistantUnknown',
  hook_url: 'refusal.hookUrl',
  hook_user: 'refusal.hookUser',
  hook_private: 'refusal.hookPrivate',
  hook_events: 'refusal.hookEvents',
  hook_limit: 'refusal.hookLimit',
  hook_secret_lost: 'refusal.hookSecretLost',
  delivery_sending: 'refusal.deliverySending',
  picture_unreadable: 'refusal.pictureUnreadable',
  picture_unsupported: 'refusal.pictureUnsupported',
  picture_too_large: 'refusal.pictureTooLarge',
  picture_expired: 'refusal.pictureExpired',
  picture_unshowable: 'refusal.pictureUnshowable',
  report_days: 'refusal.reportDays',
  reads_busy: 'refusal.readsBusy',
  export_running: 'refusal.exportRunning',
  exports_busy: 'refusal.exportsBusy',
}
const aboutField: ReadonlySet<string> = new Set([
  'missing',
  'form',
  'too_long',
  'too_short',
  'too_big',
  'too_small',
])

/** What people call the parts of what they send. */
const fields: Readonly<Partial<Record<string, MessageKey>>> = {
  name: 'field.name',
  title: 'field.title',
  content: 'field.content',
  shortcut: 'field.shortcut',
  url: 'field.url',
  description: 'field.description',
  zone: 'field.zone',
  password: 'field.password',
  remark: 'field.remark',
  tags: 'field.tags',
  from: 'field.from',
  to: 'field.to',
  appId: 'field.appId',
  appSecret: 'field.appSecret',
  token: 'field.token',
  encodingAESKey: 'field.encodingAESKey',
}

function ownOf(texts: Readonly<Partial<Record<string, MessageKey>>>, name: string): MessageKey | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined
}
