import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import {
  abandonReasons,
  closeReasons,
  handoffReasons,
  messageProblems,
} from '../../../src/protocol/reasons.js'
import { createI18n } from '../locales/i18n.js'
import { messageOf } from '../testing.js'
import { ownProblem, sendProblem } from './send-problem.js'
import { systemWords } from './system-line.js'

describe.each(['zh-CN', 'en'] as const)('the service’s own reasons in %s', (language) => {
  const t = createI18n(ref(language)).t.value
  const line = (change: object) => systemWords(messageOf({ direction: 'system', ...change }), t)
  const other = language === 'en' ? /[\u4e00-\u9fff]/ : /[a-z]{3}/

  it.each([
    ...handoffReasons.map((reason) => ['handoff', reason]),
    ...abandonReasons.map((reason) => ['abandon', reason]),
    ...closeReasons.map((reason) => ['close', reason]),
  ])('a %s for %s has words, each its own', (name, reason) => {
    const words = line({ line: name, reason, agentId: null })
    expect(words).not.toContain(reason)
    expect(words).not.toMatch(other)
    expect(words).not.toBe(line({ line: name, reason: 'something else', agentId: null }))
  })

  it.each(messageProblems)('a message with the problem %s has words', (problem) => {
    const key = ownProblem(problem)
    expect(key).toBeDefined()
    const { text } = sendProblem(messageOf({ direction: 'outgoing', state: 'failed', problem }), t)
    expect(text).not.toContain(problem)
    expect(text).not.toMatch(other)
  })

  it('a reason that an operator gave stands as it was written', () => {
    expect(line({ line: 'handoff', reason: 'VIP 客户' })).toContain('VIP 客户')
    // A word of the language itself is no reason of ours.
    expect(line({ line: 'handoff', reason: 'constructor' })).toContain('constructor')
    expect(line({ line: 'toString' })).toContain('toString')
  })
})
