import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import {
  ruleIssue,
  type RuleErrorParams,
  type RuleIssue,
  type RuleWarningParams,
} from '../../../../src/protocol/rule-problems.js'
import { createTexts } from '../../../both/i18n.js'
import { en } from '../../locales/en.js'
import { zhCN } from '../../locales/zh-CN.js'
import { issueLine, issuesOf, issueWords, placeWords } from './rule-issue-words.js'
import { adminEn } from '../words/en.js'
import { adminZhCN } from '../words/zh-CN.js'

const catalogues = { 'zh-CN': { ...zhCN, ...adminZhCN }, en: { ...en, ...adminEn } }
const none = {}
/** One of each code: the compiler asks for the parameters of each. */
const examples: RuleErrorParams & RuleWarningParams = {
  missing: none,
  empty: none,
  wrong_form: none,
  not_storable: none,
  not_json: none,
  unknown_keys: { keys: ['foo', 'bar'] },
  needs_one: { keys: ['any', 'all'] },
  too_long: { limit: 64 },
  too_many: { limit: 20 },
  spaces: none,
  one_line: none,
  span: none,
  date: none,
  date_twice: none,
  zone: none,
  name_taken: { place: 4 },
  expression: { problem: 'missing closing )' },
  expression_lookaround: none,
  expression_backreference: none,
  expression_possessive: none,
  expression_too_large: { limit: 1000 },
  expression_too_wide: none,
  expressions_too_large: { limit: 50_000 },
  expressions_too_wide: none,
  hours_unknown: { name: '客服时间' },
  type_with_event: none,
  text_with_event: none,
  text_with_type: none,
  holiday_and_workday: { day: '2026-10-01' },
  transfer_of_event: none,
  second_destination: none,
  assistant_of_event: none,
  assistant_not_last: none,
  reply_too_long: { parts: 7, bytes: 2048, limit: 5 },
  placeholder_open: none,
  placeholder_unknown: { placeholder: '{{foo}}' },
  placeholder_without_match: { placeholder: '{{match.1}}' },
  placeholder_without_group: { placeholder: '{{match.2}}' },
  placeholder_not_here: none,
  never_matches: { name: '欢迎' },
  reply_in_parts: { parts: 2, bytes: 2048 },
  media_ends: { hours: 72 },
  too_many_after_message: { messages: 6, limit: 5 },
  too_many_after_enter: { messages: 3, limit: 2 },
  event_without_conversation: none,
  only_tags: none,
  reply_before_assistant: { messages: 1 },
}
const issues = Object.entries<object>({ ...examples }).map(
  ([code, params]) => ({ code, params }) as RuleIssue,
)

describe.each(['zh-CN', 'en'] as const)('issues of rules in %s', (language) => {
  const t = createTexts(ref(language), catalogues).t.value

  it.each(issues.map((issue) => [issue.code, issue] as const))(
    '%s has words with all its values',
    (_, issue) => {
      const words = issueWords(issue, t)
      expect(words).not.toMatch(/(?<!\{)\{\w+\}(?!\})/)
      expect(/\p{Script=Han}/u.test(words.replaceAll(/客服时间|欢迎/g, ''))).toBe(language === 'zh-CN')
      for (const value of Object.values(issue.params as Record<string, unknown>).flat())
        expect(words).toContain(String(issue.code === 'name_taken' ? Number(value) + 1 : value))
    },
  )

  it('each have their own', () => {
    expect(new Set(issues.map((issue) => issueWords(issue, t))).size).toBe(issues.length)
  })
})

describe('an issue', () => {
  const t = createTexts(ref<'zh-CN' | 'en'>('zh-CN'), catalogues).t.value

  it.each([
    [['name'], '规则名称'],
    [['when'], '什么时候'],
    [['when', 'text', 'contains', 1], '消息内容 › 包含 › 第 2 个'],
    [['when', 'sessionFrom', 'matches'], '来源（session-from） › 匹配正则'],
    [['when', 'hours', 'outside'], '时间段 › 在此时间外'],
    [['when', 'hours', 'holidays', 0], '时间段 › 节假日 › 第 1 个'],
    [['when', 'tags', 'any'], '客户标签 › 有任意一个'],
    [['then', 1, 'reply', 'text'], '动作 2 › 回复内容'],
    [['then', 0, 'reply', 'link', 'url'], '动作 1 › 图文链接 › 链接地址'],
    [['then', 0, 'reply'], '动作 1'],
    [['then', 0, 'handoff'], '动作 1 › 转人工的原因（给客服看）'],
    [['then', 0, 'somethingNew'], '动作 1 › somethingNew'],
  ])('at %j is placed by the names of the form', (place, words) => {
    expect(placeWords(place, t)).toBe(words)
  })

  it('of a later service has words as well', () => {
    const issue = { code: 'constructor', params: {} } as unknown as RuleIssue
    expect(issueWords(issue, t)).toBe('格式不对')
  })

  it('stands in one line with its rule and its place', () => {
    const issue = { ...ruleIssue('span'), rule: '夜间', at: ['rules', 3, 'when', 'hours', 'within'] }
    expect(issueLine(issue, t)).toBe(
      '规则「夜间」：时间段 › 在此时间内：要写成 09:00-18:00 这样的时间段，而且起止不同',
    )
  })

  it('is read of a refusal of rules alone', () => {
    expect(issuesOf({})).toBeUndefined()
    expect(issuesOf({ reason: 'rules' })).toBeUndefined()
    expect(issuesOf({ reason: 'missing', params: { problems: [] } })).toBeUndefined()
    expect(issuesOf({ reason: 'rules', params: { problems: [] } })).toEqual({ issues: [], more: 0 })
  })
})
