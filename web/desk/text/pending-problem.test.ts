import { ref } from 'vue'
import { expect, it } from 'vitest'
import { createI18n } from '../locales/i18n.js'
import { pendingProblem } from './pending-problem.js'
import type { Refused } from './problem-words.js'

const [zh, en] = [createI18n(ref('zh-CN')), createI18n(ref('en'))]
const refused = (code: string, message: string, detail: Refused['detail'] = {}) => ({
  problem: { code, message, detail },
  isUnsure: false,
})

it('says that a message could not be handed over, while nobody said no', () => {
  for (const none of [{ problem: null, isUnsure: false }, refused('unreachable', '')]) {
    expect(pendingProblem(none, zh)).toBe(zh.t.value('sent.notHanded'))
    expect(pendingProblem(none, en)).toBe(en.t.value('sent.notHanded'))
  }
})

it('says what the service has against it in the language of the page', () => {
  const long = refused('invalid', 'message.content: must be at most 2048 characters', {
    reason: 'too_long',
    params: { field: 'message.content', limit: 2048 },
  })
  expect(pendingProblem(long, zh)).toBe('没有提交：「内容」太长，最多 2048 个字符。请缩短后再试。')
  expect(pendingProblem(long, en)).toMatch(/^Not submitted: “Content” is too long: at most 2048/)
  const gone = refused('not_found', 'There is no such conversation.')
  expect(pendingProblem(gone, zh)).toBe('没有提交：没有找到，可能已被删除。')
  expect(pendingProblem(gone, en)).toBe('Not submitted: Not found: it may have been removed.')
  expect(pendingProblem(refused('allowance', 'The allowance is used up.'), zh)).toBe(
    '微信现在不允许再发消息。客户再次发言后可继续。',
  )
})

it('shows no English of the service on the Chinese page, whatever it says', () => {
  for (const code of ['invalid', 'conflict', 'unavailable', '502', 'of_another_version']) {
    const words = pendingProblem(refused(code, 'Words of the service.', { reason: 'not_known_here' }), zh)
    expect(words).toMatch(/^没有提交：.*\p{Script=Han}/u)
    expect(words).not.toMatch(/Words/)
  }
})

it('says that nobody knows whether the service has it, whatever was said last', () => {
  for (const problem of [null, refused('500', '').problem, refused('forbidden', '').problem])
    expect(pendingProblem({ problem, isUnsure: true }, zh)).toBe(zh.t.value('sent.unsure'))
  expect(pendingProblem({ ...refused('older', ''), isUnsure: true }, zh)).toBe(zh.t.value('sent.older'))
})
