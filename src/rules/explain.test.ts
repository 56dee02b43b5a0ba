import { describe, expect, it } from 'vitest'
import { compileRules } from './compile.js'
import { explainRules, type Explanation, type Reason } from './explain.js'
import type { Facts } from './facts.js'
import { checkRules } from './rule-check.js'
import { problemsText } from './rule-problem.js'

const message: Facts = {
  kind: 'message',
  word: 'text',
  text: '订单 42',
  sessionFrom: null,
  tags: ['vip', 'old'],
  now: Date.parse('2026-10-01T10:30:00+08:00'), // a Thursday
  contact: { name: null },
}

function explain(rules: readonly object[], facts: Facts = message): Explanation {
  const checked = checkRules({ rules })
  if (!checked.ok) throw new Error(problemsText(checked.problems))
  return explainRules(compileRules(checked.rules), facts)
}
/** Why a rule of this `when` does not answer. */
function reasons(when: object, facts: Facts = message): readonly Reason[] {
  return explain([{ name: 'r', when, then: [] }], facts).rules.flatMap((each) => each.reasons)
}

describe('trying a message', () => {
  it('says which rule answers, with what, and how every other stands', () => {
    const explanation = explain([
      { name: 'off', enabled: false, when: {}, then: [] },
      { name: 'welcome', when: { event: 'user_enter_tempsession' }, then: [] },
      {
        name: 'order',
        when: { text: { matches: '^订单\\s*(\\d+)$' } },
        then: [{ reply: { text: '正在查询订单 {{match.1}}' } }, { handoff: 'order' }],
      },
      { name: 'other', when: { text: { equals: 'x' } }, then: [] },
      { name: 'fallback', when: {}, then: [] },
    ])
    expect(explanation.answer).toEqual({
      rule: 'order',
      steps: [
        { do: 'reply', message: { msgType: 'text', content: '正在查询订单 42' } },
        { do: 'handoff', reason: 'order' },
      ],
    })
    expect(
      explanation.rules.map(({ rule, verdict, reasons }) => [rule, verdict, reasons.map((each) => each.zh)]),
    ).toEqual([
      ['off', 'disabled', ['规则已停用']],
      ['welcome', 'no_match', ['这条规则只看事件 user_enter_tempsession，而这是消息']],
      ['order', 'answers', []],
      ['other', 'no_match', ['文字不等于“x”']],
      ['fallback', 'too_late', ['条件都符合，但排在前面的规则“order”已经回答']],
    ])
  })

  it('says that none answers', () => {
    expect(explain([{ name: 'r', when: { type: 'image' }, then: [] }]).answer).toBeNull()
  })

  it('names every condition that does not hold', () => {
    const found = reasons({ type: 'image', tags: { any: 'new', none: 'old' }, sessionFrom: { equals: 'a' } })
    expect(found.map((each) => each.path).sort()).toEqual([
      'when.sessionFrom.equals',
      'when.tags.any',
      'when.tags.none',
      'when.type',
    ])
  })
})

describe('the reason', () => {
  const hours = { within: '09:00-18:00', days: [4], zone: 'Asia/Shanghai' }
  it.each<[when: object, facts: Partial<Facts>, expected: Reason]>([
    [
      {},
      { kind: 'event', word: 'wxa_media_check', text: undefined },
      {
        path: 'when',
        zh: '这条规则只看消息，而这是事件 wxa_media_check',
        en: 'it is for messages, and this is the event wxa_media_check',
      },
    ],
    [
      { event: 'user_enter_tempsession' },
      { kind: 'event', word: 'wxa_media_check', text: undefined },
      {
        path: 'when.event',
        zh: '这条规则只看事件 user_enter_tempsession，而这是事件 wxa_media_check',
        en: 'it is for the event user_enter_tempsession, and this is the event wxa_media_check',
      },
    ],
    [
      { type: ['image', 'miniprogrampage'] },
      {},
      {
        path: 'when.type',
        zh: '消息类型是 text，而规则要 image 或 miniprogrampage',
        en: 'the message is of type text, not image or miniprogrampage',
      },
    ],
    [
      { text: { contains: ['退款', '退货'] } },
      {},
      {
        path: 'when.text.contains',
        zh: '文字不包含“退款”或“退货”',
        en: 'the text does not contain “退款” or “退货”',
      },
    ],
    [
      { text: { contains: ['1a', '2a', '3a', '4a', '5a', '6a', '7a'] } },
      {},
      {
        path: 'when.text.contains',
        zh: '文字不包含“1a”或“2a”或“3a”或“4a”或“5a”等 7 个',
        en: 'the text does not contain “1a” or “2a” or “3a” or “4a” or “5a” or 2 more',
      },
    ],
    [
      { text: { matches: '^x' } },
      {},
      { path: 'when.text.matches', zh: '文字不符合表达式“^x”', en: 'the text does not match “^x”' },
    ],
    [
      { text: { matches: '^x' } },
      { word: 'image', text: undefined },
      { path: 'when.text.matches', zh: '不是文字消息', en: 'the message is not a text' },
    ],
    [
      { sessionFrom: { contains: 'detail' } },
      { sessionFrom: 'home' },
      {
        path: 'when.sessionFrom.contains',
        zh: '来源（sessionFrom）不包含“detail”',
        en: 'sessionFrom does not contain “detail”',
      },
    ],
    [
      { sessionFrom: { contains: 'detail' } },
      {},
      {
        path: 'when.sessionFrom.contains',
        zh: '不知道客户从哪里进入（没有 sessionFrom）',
        en: 'there is no sessionFrom',
      },
    ],
    [
      { tags: { all: ['vip', 'new', 'rich'] } },
      {},
      {
        path: 'when.tags.all',
        zh: '客户没有标签“new”和“rich”',
        en: 'the customer lacks the tags “new” and “rich”',
      },
    ],
    [
      { tags: { none: ['new', 'old'] } },
      {},
      { path: 'when.tags.none', zh: '客户有标签“old”', en: 'the customer has the tag “old”' },
    ],
    [
      { tags: { any: ['new', 'rich'] } },
      {},
      {
        path: 'when.tags.any',
        zh: '客户没有标签“new”或“rich”',
        en: 'the customer has no tag “new” or “rich”',
      },
    ],
    [
      { hours: { outside: '09:00-18:00', zone: 'Asia/Shanghai' } },
      {},
      {
        path: 'when.hours.outside',
        zh: 'Asia/Shanghai 现在是 2026-10-01 周四 10:30，在 09:00-18:00 之内',
        en: 'in Asia/Shanghai it is Thursday 2026-10-01 10:30, within 09:00-18:00',
      },
    ],
    [
      { hours: { ...hours, within: '11:00-18:00' } },
      {},
      {
        path: 'when.hours.within',
        zh: 'Asia/Shanghai 现在是 2026-10-01 周四 10:30，不在 11:00-18:00 之内',
        en: 'in Asia/Shanghai it is Thursday 2026-10-01 10:30, outside 11:00-18:00',
      },
    ],
    [
      { hours: { ...hours, holidays: ['2026-10-01'] } },
      {},
      {
        path: 'when.hours.within',
        zh: 'Asia/Shanghai 现在是 2026-10-01 周四 10:30，是节假日，不算在 09:00-18:00 之内',
        en: 'in Asia/Shanghai it is Thursday 2026-10-01 10:30, a holiday, so it counts as outside 09:00-18:00',
      },
    ],
    [
      { hours: { ...hours, days: [1] } },
      {},
      {
        path: 'when.hours.within',
        zh: 'Asia/Shanghai 现在是 2026-10-01 周四 10:30，不是工作日，不算在 09:00-18:00 之内',
        en: 'in Asia/Shanghai it is Thursday 2026-10-01 10:30, not a working day, so it counts as outside 09:00-18:00',
      },
    ],
  ])('why %j does not match %j', (when, facts, expected) => {
    expect(reasons(when, { ...message, ...facts })).toEqual([expected])
  })
})
