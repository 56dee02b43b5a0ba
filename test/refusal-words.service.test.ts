import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ref } from 'vue'
import type { PlacedRuleIssue } from '../src/protocol/rule-problems.js'
import { createTexts } from '../web/both/i18n.js'
import { hoursProblem } from '../web/desk/admin/hours/hours-problem.js'
import { issueLine } from '../web/desk/admin/rules/rule-issue-words.js'
import { ruleProblems, ruleProblemText } from '../web/desk/admin/rules/rules-problem.js'
import { adminEn } from '../web/desk/admin/words/en.js'
import { adminZhCN } from '../web/desk/admin/words/zh-CN.js'
import { createClient, DeskError, type Client } from '../web/desk/api/client.js'
import { en } from '../web/desk/locales/en.js'
import { zhCN } from '../web/desk/locales/zh-CN.js'
import { problemWords } from '../web/desk/text/problem-words.js'
import { startTestService, type TestService } from './support/test-service.js'

const catalogues = { 'zh-CN': { ...zhCN, ...adminZhCN }, en: { ...en, ...adminEn } }
const [zh, english] = (['zh-CN', 'en'] as const).map((language) => createTexts(ref(language), catalogues))
const apiKey = 'a-key-of-the-words-test-0123456789'
const say = { reply: { text: '好' } }

describe('the page says a refusal of the service from its code and its values', () => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ KEFU_API_KEY: apiKey })
  })
  afterAll(() => service.close())

  /** The error as the page's own client reads it. */
  async function refusalOf(method: string, path: string, body: object): Promise<DeskError> {
    const error = await client()
      .request(method, path, body)
      .catch((thrown: unknown) => thrown)
    if (!(error instanceof DeskError)) throw new Error('it was taken')
    // The sentence of the service plays no part in it.
    return new DeskError(error.code, 'A sentence.', error.status, error.detail)
  }
  function client(): Client {
    return createClient({
      base: `${service.url}/api/v1`,
      now: Date.now,
      onSignedOut: () => undefined,
      fetch: (url, init) => {
        const headers = new Headers(init?.headers)
        headers.set('authorization', `Bearer ${apiKey}`)
        return fetch(url, { ...init, headers })
      },
    })
  }

  it('beside the rules that it is about', async () => {
    const error = await refusalOf('PUT', '/rules', {
      rules: [
        { name: 'a', when: { text: { matches: '(' } }, then: [say] },
        { name: 'b', when: {}, then: [{ reply: { text: '{{match.1}}' } }] },
        { name: 'a', when: { hours: { within: '9-18', zone: 'Asia/Shanghai' } }, then: [] },
        { name: 'c', when: { colour: 1 }, then: [{ transfer: true }, { handoff: 'x' }] },
        { name: 'd', when: { hours: { open: '夜班' } }, then: [] },
      ],
    })
    const { byRule, others } = ruleProblems(error, zh!)
    expect(others).toEqual([])
    expect(Object.fromEntries(byRule)).toEqual({
      0: [expect.stringMatching(/^消息内容 › 匹配正则：不是正确的正则表达式（missing closing \)/)],
      1: ['动作 1 › 回复内容：{{match.1}} 要配合「消息内容 匹配正则」使用'],
      2: [
        '时间段 › 在此时间内：要写成 09:00-18:00 这样的时间段，而且起止不同',
        '规则名称：第 1 条已经用了这个名称',
      ],
      3: ['什么时候：有不认识的项：colour'],
      4: ['时间段：没有名为「夜班」的营业时间'],
    })
    expect(ruleProblems(error, english!).byRule.get(1)).toEqual([
      'Action 1 › Text of the reply: uses {{match.1}}, which needs a regular expression for the text',
    ])
    expect(ruleProblemText(error, zh!).split('\n')[1]).toBe(
      '规则「b」：动作 1 › 回复内容：{{match.1}} 要配合「消息内容 匹配正则」使用',
    )
  })

  it('beside no rule where it is about all of them, and says how many are left out', async () => {
    const rules = Array.from({ length: 25 }, (_, index) => ({ name: ` ${index}`, when: {}, then: [] }))
    const many = ruleProblems(await refusalOf('PUT', '/rules', { rules }), zh!)
    expect(many.byRule.size).toBe(20)
    expect(many.byRule.get(19)).toEqual(['规则名称：开头和结尾不能有空格'])
    expect(many.others).toEqual(['还有 5 处没有列出'])
    const odd = ruleProblems(await refusalOf('PUT', '/rules', { rules: [{ name: 'a\0' }] }), zh!)
    expect(odd.others).toEqual(['「名称」的格式不对。请修改后再试。'])
  })

  it('beside the fields of business hours', async () => {
    const schedule = {
      name: '客服时间',
      zone: 'Asia/Shanghai',
      week: Array.from({ length: 7 }, () => ['09:00-18:00']),
    }
    const refused = (change: object) =>
      refusalOf('PUT', '/business-hours', { schedules: [{ ...schedule, ...change }] })
    const week = schedule.week.with(6, ['0:00-25:00'])
    const dates = [
      { date: '2026-10-01', hours: [] },
      { date: '2026-10-01', hours: [] },
    ]
    expect(hoursProblem(await refused({ week, zone: 'Mars' }), zh!)).toBe(
      '时区：没有这个时区，请填写如 Asia/Shanghai\n周日的时间写得不对，请写成 09:00-18:00，多段用逗号分开。',
    )
    expect(hoursProblem(await refused({ week }), english!)).toBe('Sun: write spans such as 09:00-18:00.')
    expect(hoursProblem(await refused({ dates }), zh!)).toContain('日期 2 重复了')
    expect(hoursProblem(await refused({ name: '' }), zh!)).toBe('名称：是空的')
    expect(hoursProblem(await refusalOf('PUT', '/business-hours', {}), zh!)).toContain('没有填写')

    await client().request('PUT', '/business-hours', { schedules: [schedule] })
    await client().request('PUT', '/rules', {
      rules: [{ name: 'open', when: { hours: { open: '客服时间' } }, then: [] }],
    })
    expect(hoursProblem(await refusalOf('PUT', '/business-hours', { schedules: [] }), zh!)).toBe(
      '有规则正在使用「客服时间」，请先修改那条规则。',
    )
  })

  it('of rules that are saved, as warnings', async () => {
    const answer = await client().request<{ warnings: PlacedRuleIssue[] }>('PUT', '/rules', {
      rules: [
        { name: 'all', when: {}, then: [] },
        { name: 'late', when: { text: { contains: '退款' } }, then: [say] },
      ],
    })
    expect(answer.warnings.map((issue) => issueLine(issue, zh!.t.value))).toEqual([
      '规则「late」：什么时候：不会用到，前面的「all」已经匹配它能匹配的全部。请把这条移到前面',
    ])
  })

  it('of any other route', async () => {
    const title = await refusalOf('POST', '/canned-replies', { title: 'x'.repeat(61), content: 'y' })
    expect(problemWords(title, zh!)).toBe('「标题」太长，最多 60 个字符。请缩短后再试。')
    const content = await refusalOf('POST', '/canned-replies', { title: 'x', content: '{{foo}}' })
    expect(problemWords(content, zh!)).toContain('不认识的变量 {{foo}}')
    expect(problemWords(content, english!)).toContain('{{foo}} is an unknown variable')
    const secure = { appId: 'wx1', appSecret: 's', token: 't' }
    expect(problemWords(await refusalOf('POST', '/apps', secure), zh!)).toContain('都要 EncodingAESKey')
    const hook = { url: 'http://127.0.0.1/x' }
    expect(problemWords(await refusalOf('POST', '/webhooks', hook), zh!)).toContain('内网地址')
    const events = { url: 'https://example.com/x', events: ['nothing.known'] }
    expect(problemWords(await refusalOf('POST', '/webhooks', events), zh!)).toMatch(/事件/)
  })
})
