import { ref } from 'vue'
import { expect, it } from 'vitest'
import { DeskError, type ErrorDetail } from '../api/client.js'
import { createI18n } from '../locales/i18n.js'
import { problemWords } from './problem-words.js'

const [zh, en] = [createI18n(ref('zh-CN')), createI18n(ref('en'))]
const refused = (code: string, message: string, detail?: ErrorDetail): DeskError =>
  new DeskError(code, message, 422, detail)

it('names the part that is wrong, in the language of the page', () => {
  const long = refused('invalid', 'title: must be at most 64 characters', {
    reason: 'too_long',
    field: 'title',
    limit: 64,
  })
  expect(problemWords(long, zh)).toBe('「标题」太长，最多 64 个字符。请缩短后再试。')
  expect(problemWords(long, en)).toContain('“Title” is too long: at most 64')
  const inner = refused('invalid', '…', { reason: 'missing', field: 'rules.0.content' })
  expect(problemWords(inner, zh)).toContain('「内容」没有填写')
  // A part that has no name for people is called as programs call it.
  expect(problemWords(refused('invalid', '…', { reason: 'form', field: 'thumbUrl' }), zh)).toContain(
    '「thumbUrl」',
  )
})

it('has its own sentence for what the service names', () => {
  const taken = refused('conflict', 'There is an agent with the name 李四 already.', {
    reason: 'agent_taken',
  })
  expect(problemWords(taken, zh)).toBe('已有同名的客服。请换一个用户名。')
  const hook = refused('config', 'url leads to a private address.', { reason: 'hook_private' })
  expect(problemWords(hook, zh)).toContain('KEFU_ALLOW_PRIVATE_HOOKS')
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
