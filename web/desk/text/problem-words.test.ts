import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import type { RefusalParams } from '../../../src/protocol/refusals.js'
import { DeskError, type ErrorDetail } from '../api/client.js'
import { createI18n } from '../locales/i18n.js'
import { problemWords } from './problem-words.js'

const [zh, en] = [createI18n(ref('zh-CN')), createI18n(ref('en'))]
const refused = (code: string, message: string, detail?: ErrorDetail): DeskError =>
  new DeskError(code, message, 422, detail)

it('names the part that is wrong, in the language of the page', () => {
  const long = refused('invalid', 'title: must be at most 64 characters', {
    reason: 'too_long',
    params: { field: 'title', limit: 64 },
  })
  expect(problemWords(long, zh)).toBe('「标题」太长，最多 64 个字符。请缩短后再试。')
  expect(problemWords(long, en)).toContain('“Title” is too long: at most 64')
  const inner = refused('invalid', '…', { reason: 'missing', params: { field: 'rules.0.content' } })
  expect(problemWords(inner, zh)).toContain('「内容」没有填写')
  // A part that has no name for people is called as programs call it.
  expect(
    problemWords(refused('invalid', '…', { reason: 'form', params: { field: 'thumbUrl' } }), zh),
  ).toContain('「thumbUrl」')
})

it('has its own sentence for what the service names', () => {
  const taken = refused('conflict', 'There is an agent with the name 李四 already.', {
    reason: 'agent_taken',
  })
  expect(problemWords(taken, zh)).toBe('已有同名的客服。请换一个用户名。')
  const hook = refused('config', 'url leads to a private address.', { reason: 'hook_private' })
  expect(problemWords(hook, zh)).toContain('KEFU_ALLOW_PRIVATE_HOOKS')
})

it('names the proxy where a 413 is not the service’s own', () => {
  const proxys = new DeskError('413', 'HTTP 413', 413)
  expect(problemWords(proxys, zh)).toContain('反向代理')
  expect(problemWords(proxys, zh)).toContain('client_max_body_size')
  expect(problemWords(proxys, en)).toContain('reverse proxy')
  expect(problemWords(refused('too_large', 'The body is larger than 1 byte.'), zh)).not.toContain('代理')
})

it('shows English of the service in the English page alone', () => {
  for (const code of ['invalid', 'conflict', 'config', 'bad_request', 'of_another_version']) {
    const odd = refused(code, 'Words of the service.', { reason: 'not_known_here' })
    expect(problemWords(odd, zh)).not.toMatch(/Words/)
    expect(problemWords(odd, zh)).toMatch(/\p{Script=Han}/u)
    expect(problemWords(odd, en)).toBe('Words of the service.')
  }
  expect(problemWords(refused('constructor', '', { reason: 'toString' }), zh)).toContain('constructor')
})

const none = {}
const app = { appId: 'wx123' }
/** One of each reason: the compiler asks for the parameters of each. */
const examples: RefusalParams = {
  missing: { field: 'title' },
  form: { field: 'title' },
  unknown: { field: '' },
  too_long: { field: 'title', limit: 64 },
  too_short: { field: 'title', limit: 10 },
  too_big: { field: 'title', limit: 200 },
  too_small: { field: 'title', limit: 2 },
  admin_only: none,
  agent_name: none,
  agent_taken: { name: '李四' },
  agent_self: none,
  last_admin: none,
  sign_in_wrong: none,
  sign_in_often: { seconds: 60 },
  https_only: none,
  link_ended: none,
  password: none,
  password_wrong: none,
  password_ended: none,
  password_same: none,
  password_due: none,
  reload: none,
  foreign: none,
  other_database: none,
  submit_done: none,
  client_id_used: none,
  app_exists: app,
  app_fixed: app,
  app_key_missing: none,
  app_foreign: app,
  apps_beyond: none,
  rules_of_all: none,
  hours_of_all: none,
  rules: { problems: [], more: 0 },
  rules_changed: none,
  hours_changed: none,
  shortcut_taken: none,
  placeholder: { field: 'content', placeholder: '{{foo}}' },
  placeholder_open: { field: 'content' },
  canned_app: none,
  entry_changed: none,
  knowledge_full: { count: 5000, limit: 5000 },
  knowledge_app: none,
  exam_full: { limit: 2000 },
  exams_of_all: none,
  source_url: { limit: 2000 },
  source_user: none,
  source_private: none,
  source_known: none,
  source_limit: { limit: 100 },
  import_empty: none,
  cases_empty: none,
  file_kind: none,
  file_broken: none,
  file_too_much: none,
  file_no_text: none,
  file_busy: none,
  assistant_unknown: { name: 'sales' },
  hook_url: { limit: 2000 },
  hook_user: none,
  hook_private: none,
  hook_events: none,
  hook_limit: { limit: 20 },
  hook_secret_lost: none,
  delivery_sending: none,
  picture_unreadable: none,
  picture_unsupported: none,
  picture_too_large: none,
  picture_expired: none,
  picture_unshowable: none,
  report_days: { limit: 92 },
  reads_busy: none,
  export_running: none,
  exports_busy: none,
}

describe.each(Object.entries<object>({ ...examples }))('a refusal for %s', (reason, params) => {
  it('has words in both languages, with its values', () => {
    const error = refused('of_another_version', 'Words of the service.', { reason, params: { ...params } })
    for (const i18n of [zh, en]) {
      const words = problemWords(error, i18n)
      expect(words).not.toContain('of the service')
      expect(words).not.toContain('of_another_version')
      expect(words).not.toMatch(/(?<!\{)\{\w+\}(?!\})/)
      if ('limit' in params) expect(words).toContain(String(params.limit))
    }
    expect(problemWords(error, zh)).toMatch(/\p{Script=Han}/u)
    expect(problemWords(error, en)).not.toMatch(/\p{Script=Han}/u)
  })
})
