import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { compileRules, type CompiledRules, type Step } from './compile.js'
import type { Facts } from './facts.js'
import { checkRules } from './rule-check.js'
import { problemsText } from './rule-problem.js'

/** Monday, 28 September 2026, 10:00 in Shanghai. */
const monday = Date.parse('2026-09-28T10:00:00+08:00')
const saturday = Date.parse('2026-09-26T10:00:00+08:00')

function rulesOf(value: unknown): CompiledRules {
  const checked = checkRules(value)
  if (!checked.ok) throw new Error(problemsText(checked.problems))
  return compileRules(checked.rules)
}
function facts(given: Partial<Facts>): Facts {
  return {
    kind: 'message',
    word: 'text',
    text: undefined,
    sessionFrom: null,
    tags: [],
    now: monday,
    contact: { name: null },
    ...given,
  }
}
const text = (content: string, given: Partial<Facts> = {}): Facts => facts({ text: content, ...given })
const event = (word: string, given: Partial<Facts> = {}): Facts => facts({ kind: 'event', word, ...given })

/** Whether a rule of this `when` alone would answer. */
function meets(when: object, given: Facts): boolean {
  return rulesOf({ rules: [{ name: 'r', when, then: [] }] }).decide(given) !== undefined
}
/** What a rule does that answers everything. */
function steps(rule: object, given: Facts): Step[] | undefined {
  return rulesOf({ rules: [{ name: 'r', when: {}, ...rule }] })
    .decide(given)
    ?.stepsFor(given)
}

describe('the example of the contract', async () => {
  const example: unknown = JSON.parse(
    await readFile(new URL('../../test/fixtures/rules.json', import.meta.url), 'utf8'),
  )
  const rules = rulesOf(example)

  it.each<[string, Facts, string | undefined]>([
    ['an entry', event('user_enter_tempsession'), 'welcome'],
    ['a word of one rule', text('我想申请退款'), 'refund'],
    ['an expression', text('订单 42'), 'order'],
    ['an exact text', text('官方客服'), 'official'],
    ['anything else on a working day', text('在吗'), 'fallback'],
    ['anything else on a Saturday', text('在吗', { now: saturday }), 'away'],
    ['a picture', facts({ word: 'image' }), 'fallback'],
    ['a message of a type nobody knows', facts({ word: 'voice' }), 'fallback'],
    ['an event of another service', event('subscribe_msg_popup_event'), undefined],
  ])('answers %s', (_title, given, expected) => {
    expect(rules.decide(given)?.name).toBe(expected)
  })

  it('writes out what the expression found', () => {
    const given = text('订单 42')
    expect(rules.decide(given)?.stepsFor(given)).toEqual([
      { do: 'reply', message: { msgType: 'text', content: '正在查询订单 42' } },
    ])
  })
})

describe('the first rule that matches answers', () => {
  it('and those that are switched off are passed over', () => {
    const rules = rulesOf({
      rules: [
        { name: 'off', enabled: false, when: {}, then: [] },
        { name: 'first', when: { text: { contains: '好' } }, then: [] },
        { name: 'second', when: { text: { equals: '您好' } }, then: [] },
      ],
    })
    expect(rules.decide(text('您好'))?.name).toBe('first')
    expect(rules.rules.map((rule) => rule.name)).toEqual(['off', 'first', 'second'])
  })

  it('and none does where no rule is there', () => {
    expect(rulesOf({ rules: [] }).decide(text('您好'))).toBeUndefined()
  })
})

describe('a condition on the text', () => {
  it('is met whatever the case, unless case is asked for', () => {
    for (const [how, given] of [
      ['equals', 'Refund'],
      ['contains', 'My REFUND please'],
      ['matches', 'a reFUND'],
    ] as const) {
      const wanted = given === 'Refund' ? 'rEFUND' : 'refund'
      expect(meets({ text: { [how]: wanted } }, text(given))).toBe(true)
      expect(meets({ text: { [how]: wanted, caseSensitive: true } }, text(given))).toBe(false)
    }
  })

  it.each([
    [{ equals: '退款' }, '退\u200b款\ufeff', true],
    [{ equals: '退款', caseSensitive: true }, ' 退\u2060款 \u200b', true],
    [{ contains: '要退\u00ad款' }, '我要\u200d退款', true],
    [{ contains: '👨‍👩‍👧' }, '一家👨‍👩‍👧', true],
    [{ contains: '\u200b' }, '退款', false],
    // An expression reads the text as it was written, and may quote of it.
    [{ matches: '退款' }, '退\u200b款', false],
    [{ matches: '退\\x{200b}款' }, '退\u200b款', true],
  ])('compares %j with %j without the characters that nobody sees', (comparison, given, expected) => {
    expect(meets({ text: comparison }, text(given))).toBe(expected)
  })

  it('takes one of several', () => {
    expect(meets({ text: { equals: ['a', 'b'] } }, text('b'))).toBe(true)
    expect(meets({ text: { equals: ['a', 'b'] } }, text('ab'))).toBe(false)
    expect(meets({ text: { contains: ['退款', '退货'] } }, text('要退货'))).toBe(true)
    expect(meets({ text: { matches: ['^a', 'b$'] } }, text('xb'))).toBe(true)
  })

  it('needs all of equals, contains and matches that are given', () => {
    const when = { text: { contains: '订单', matches: '\\d' } }
    expect(meets(when, text('订单 1'))).toBe(true)
    expect(meets(when, text('订单'))).toBe(false)
    expect(meets(when, text('1'))).toBe(false)
  })

  it('is not met by a message without one, however it is asked', () => {
    for (const condition of [{ equals: 'x' }, { contains: 'x' }, { matches: '.*' }])
      expect(meets({ text: condition }, facts({ word: 'image' }))).toBe(false)
  })
})

describe('a condition on the rest', () => {
  it('on the type takes one or several', () => {
    expect(meets({ type: 'image' }, facts({ word: 'image' }))).toBe(true)
    expect(meets({ type: 'image' }, text('x'))).toBe(false)
    expect(meets({ type: ['image', 'text'] }, text('x'))).toBe(true)
    expect(meets({ type: ['image', 'text', 'miniprogrampage'] }, facts({ word: 'voice' }))).toBe(false)
  })

  it('on the event takes that event and nothing else', () => {
    expect(meets({ event: 'user_enter_tempsession' }, event('user_enter_tempsession'))).toBe(true)
    expect(meets({ event: 'user_enter_tempsession' }, facts({ word: 'user_enter_tempsession' }))).toBe(false)
    expect(meets({ event: 'wxa_media_check' }, event('wxa_media_check'))).toBe(true)
    expect(meets({ event: 'wxa_media_check' }, event('wxa_punish_event'))).toBe(false)
    expect(meets({}, event('user_enter_tempsession'))).toBe(false)
    expect(meets({ tags: { none: 'x' } }, event('wxa_media_check'))).toBe(false)
  })

  it('on where the customer came from holds for entries and for later messages', () => {
    const when = { sessionFrom: { contains: 'Detail' } }
    expect(meets(when, text('x', { sessionFrom: 'page=detail&id=1' }))).toBe(true)
    expect(meets(when, text('x', { sessionFrom: null }))).toBe(false)
    expect(
      meets(
        { event: 'user_enter_tempsession', ...when },
        event('user_enter_tempsession', { sessionFrom: 'DETAIL' }),
      ),
    ).toBe(true)
    expect(meets({ sessionFrom: { equals: 'a' } }, text('x', { sessionFrom: 'A' }))).toBe(true)
    expect(meets({ sessionFrom: { matches: '^id=\\d+$' } }, text('x', { sessionFrom: 'id=7' }))).toBe(true)
    expect(meets({ sessionFrom: { matches: '^$|.' } }, text('x'))).toBe(false)
  })

  it('on tags takes any, all or none of them', () => {
    const tags = ['vip', 'old']
    expect(meets({ tags: { any: ['new', 'old'] } }, text('x', { tags }))).toBe(true)
    expect(meets({ tags: { any: 'new' } }, text('x', { tags }))).toBe(false)
    expect(meets({ tags: { all: ['vip', 'old'] } }, text('x', { tags }))).toBe(true)
    expect(meets({ tags: { all: ['vip', 'new'] } }, text('x', { tags }))).toBe(false)
    expect(meets({ tags: { none: 'new' } }, text('x', { tags }))).toBe(true)
    expect(meets({ tags: { none: ['new', 'old'] } }, text('x', { tags }))).toBe(false)
    expect(meets({ tags: { any: 'vip', none: 'old' } }, text('x', { tags }))).toBe(false)
  })

  it('on the hours goes by the moment it is asked about', () => {
    const hours = { within: '09:00-18:00', days: [1, 2, 3, 4, 5], zone: 'Asia/Shanghai' }
    const rules = rulesOf({ rules: [{ name: 'open', when: { hours }, then: [] }] })
    const asked = [monday, saturday, monday + 9 * 3_600_000, monday]
    expect(asked.map((now) => rules.decide(text('x', { now })) !== undefined)).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  it('is joined with the others by and', () => {
    const when = { type: 'text', text: { contains: 'x' }, tags: { any: 'vip' }, sessionFrom: { equals: 'a' } }
    const all = { tags: ['vip'], sessionFrom: 'a' }
    expect(meets(when, text('x', all))).toBe(true)
    expect(meets(when, text('y', all))).toBe(false)
    expect(meets(when, text('x', { ...all, tags: [] }))).toBe(false)
    expect(meets(when, text('x', { ...all, sessionFrom: 'b' }))).toBe(false)
  })
})

describe('what a rule does', () => {
  it('is written out in its order, in all four kinds of reply', () => {
    const given = text('单号 7/8', { sessionFrom: 'detail', contact: { name: '张三' } })
    expect(
      steps(
        {
          when: { text: { matches: '单号 (?<number>.+)' } },
          then: [
            { tag: 'order' },
            { reply: { text: '{{contact.name}},单号 {{match.number}} 来自 {{sessionFrom}}', isAiMsg: true } },
            { reply: { image: { mediaId: 'm1' } } },
            {
              reply: {
                link: {
                  title: '订单 {{match.1}}',
                  description: '{{match.0}}',
                  url: 'https://a.example/{{match.1}}?x={{contact.name}}',
                  thumbUrl: 'https://a.example/t.png',
                },
              },
            },
            {
              reply: {
                miniprogrampage: {
                  title: '{{match.1}}',
                  pagePath: 'pages/o?id={{match.1}}',
                  thumbMediaId: 'm2',
                },
                isAiMsg: false,
              },
            },
            { handoff: 'order' },
          ],
        },
        given,
      ),
    ).toEqual([
      { do: 'tag', name: 'order' },
      { do: 'reply', message: { msgType: 'text', content: '张三,单号 7/8 来自 detail', isAiMsg: true } },
      { do: 'reply', message: { msgType: 'image', mediaId: 'm1' } },
      {
        do: 'reply',
        message: {
          msgType: 'link',
          title: '订单 7/8',
          description: '单号 7/8',
          url: 'https://a.example/7%2F8?x=%E5%BC%A0%E4%B8%89',
          thumbUrl: 'https://a.example/t.png',
        },
      },
      {
        do: 'reply',
        message: {
          msgType: 'miniprogrampage',
          title: '7/8',
          pagePath: 'pages/o?id=7%2F8',
          thumbMediaId: 'm2',
          isAiMsg: false,
        },
      },
      { do: 'handoff', reason: 'order' },
    ])
  })

  it('takes the groups of the expression that matched, of several the first', () => {
    const rule = {
      when: { text: { matches: ['^订单(\\d+)', '(\\w+)$'], caseSensitive: true } },
      then: [{ reply: { text: '{{match.1}}' } }],
    }
    expect(steps(rule, text('订单12 ab'))).toEqual([
      { do: 'reply', message: { msgType: 'text', content: '12' } },
    ])
    expect(steps(rule, text('看 ab'))).toEqual([{ do: 'reply', message: { msgType: 'text', content: 'ab' } }])
  })

  it('leaves out a text that comes out blank, which WeChat would refuse', () => {
    const rule = { when: {}, then: [{ reply: { text: '{{sessionFrom}}' } }, { tag: 'x' }] }
    expect(steps(rule, text('x'))).toEqual([{ do: 'tag', name: 'x' }])
    expect(steps(rule, text('x', { sessionFrom: 'a' }))).toHaveLength(2)
  })

  it('may be nothing: it stays silent', () => {
    const rules = rulesOf({ rules: [{ name: 'r', when: {}, then: [] }] })
    expect(rules.decide(text('x'))).toMatchObject({ silent: true })
    expect(steps({ then: [] }, text('x'))).toEqual([])
    expect(steps({ then: [{ transfer: true }] }, text('x'))).toEqual([{ do: 'transfer' }])
  })
})

describe('whether a message may be transferred', () => {
  const transfer = [{ transfer: true }]
  const may = (
    when: object,
    message: { word: string; text: string | undefined },
    then: object[] = transfer,
  ) => rulesOf({ rules: [{ name: 'r', when, then }] }).mayTransfer(message)
  const hello = { word: 'text', text: '转人工' }

  it('is told by what the message alone says', () => {
    expect(may({ text: { contains: '人工' } }, hello)).toBe(true)
    expect(may({ text: { equals: '人工' } }, hello)).toBe(false)
    expect(may({ text: { matches: '^转' } }, hello)).toBe(true)
    expect(may({ type: 'image' }, hello)).toBe(false)
    expect(may({ type: 'image' }, { word: 'image', text: undefined })).toBe(true)
  })

  it('stays open where its customer or the time decides', () => {
    expect(may({ tags: { any: ['vip'] } }, hello)).toBe(true)
    expect(may({ sessionFrom: { equals: 'shop' } }, hello)).toBe(true)
    expect(may({ hours: { within: '00:00-00:01', zone: 'Asia/Shanghai' } }, hello)).toBe(true)
  })

  it('is no where no rule transfers', () => {
    expect(may({}, hello, [{ handoff: 'x' }])).toBe(false)
    expect(rulesOf({ rules: [] }).mayTransfer(hello)).toBe(false)
  })
})

describe('rules that were not checked', () => {
  it('throw when they are compiled, not when a customer writes', () => {
    expect(() =>
      compileRules({ rules: [{ name: 'r', when: { text: { matches: '(' } }, then: [] }] }),
    ).toThrow('missing closing )')
  })
})
