import type { DeskError } from '../api/client.js'
import type { I18n, MessageKey } from '../locales/i18n.js'

/** What of an error is put into words, and can be kept. */
export type Refused = Pick<DeskError, 'code' | 'message' | 'detail'>

/** What the service said against it, in words: its own sentence, which is English, only where the page has none. */
export function problemWords(error: Refused, { t, language }: I18n): string {
  const { code, message, detail } = error
  const { reason = '', field = '', limit = 0 } = detail
  const key = ownOf(reasons, reason)
  if (key !== undefined) {
    const part = field.split('.').findLast((one) => !/^\d*$/.test(one)) ?? ''
    const named = ownOf(fields, part)
    const where = named === undefined ? part : t.value(named)
    // Without a field there is nothing to name.
    if (where !== '' || !aboutField.has(reason)) return t.value(key, { field: where, limit })
  }
  // In English the service says it more exactly.
  const known = ownOf(codes, code)
  if (known !== undefined && !(general.has(code) && language.value === 'en' && message !== ''))
    return t.value(known)
  return message === '' || language.value !== 'en' ? t.value('problem.other', { code }) : message
}

const codes: Readonly<Partial<Record<string, MessageKey>>> = {
  unreachable: 'problem.unreachable',
  allowance: 'problem.allowance',
  not_yours: 'problem.notYours',
  not_possible: 'problem.notPossible',
  not_found: 'problem.notFound',
  forbidden: 'problem.forbidden',
  too_many: 'problem.tooMany',
  too_large: 'problem.tooLarge',
  unavailable: 'problem.unavailable',
  unauthorized: 'problem.unauthorized',
  bad_request: 'problem.invalid',
  invalid: 'problem.invalid',
  config: 'problem.invalid',
  conflict: 'problem.conflict',
}
/** Codes that say little by themselves. */
const general: ReadonlySet<string> = new Set(['bad_request', 'invalid', 'config', 'conflict'])

const reasons: Readonly<Partial<Record<string, MessageKey>>> = {
  missing: 'refusal.missing',
  form: 'refusal.form',
  unknown: 'refusal.unknown',
  too_long: 'refusal.tooLong',
  too_short: 'refusal.tooShort',
  too_big: 'refusal.tooBig',
  too_small: 'refusal.tooSmall',
  agent_name: 'refusal.agentName',
  agent_taken: 'refusal.agentTaken',
  last_admin: 'refusal.lastAdmin',
  password: 'refusal.password',
  shortcut_taken: 'refusal.shortcutTaken',
  app_exists: 'refusal.appExists',
  app_fixed: 'refusal.appFixed',
  hook_url: 'refusal.hookUrl',
  hook_user: 'refusal.hookUser',
  hook_private: 'refusal.hookPrivate',
  reload: 'refusal.reload',
  foreign: 'refusal.foreign',
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
}

function ownOf(texts: Readonly<Partial<Record<string, MessageKey>>>, name: string): MessageKey | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined
}
