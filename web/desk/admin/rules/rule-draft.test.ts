import { describe, expect, it } from 'vitest'
import type { Rule } from '../../../../src/rules/rule-set.js'
import { draftOf, fitsForm, ruleOf } from './rule-draft.js'

const full: Rule = {
  name: '退货',
  enabled: false,
  when: {
    type: ['text'],
    text: { contains: ['退货', '退款'] },
    sessionFrom: { equals: ['order'] },
    hours: { outside: '09:00-18:00', days: [1, 2], zone: 'Asia/Shanghai' },
    tags: { none: ['vip'] },
  },
  then: [
    { reply: { text: '您好' } },
    { reply: { image: { mediaId: 'm' } } },
    { reply: { link: { title: 't', description: '', url: 'https://a.cn', thumbUrl: 'https://a.cn/a.png' } } },
    { reply: { miniprogrampage: { title: 't', pagePath: 'pages/a', thumbMediaId: 'm' } } },
    { tag: '售后' },
    { handoff: 'asked' },
    { transfer: true },
  ],
}

describe('a rule in the form', () => {
  it('comes back as it was', () => {
    expect(ruleOf(draftOf(full))).toEqual(full)
    expect(fitsForm(full)).toBe(true)
    const entering: Rule = { name: 'a', when: { event: 'user_enter_tempsession' }, then: [] }
    expect(ruleOf(draftOf(entering))).toEqual(entering)
  })

  it('is the same where one text stands for a list', () => {
    expect(
      fitsForm({ name: 'a', enabled: true, when: { text: { equals: '1' }, type: 'text' }, then: [] }),
    ).toBe(true)
  })

  it.each<[string, Rule['when'], Rule['then']]>([
    ['two ways to compare', { text: { equals: ['a'], contains: ['b'] } }, []],
    ['case', { text: { contains: ['a'], caseSensitive: true } }, []],
    ['holidays', { hours: { within: '09:00-18:00', zone: 'Asia/Shanghai', holidays: ['2026-10-01'] } }, []],
    ['two kinds of tags', { tags: { any: ['a'], none: ['b'] } }, []],
    ['a text of two lines', { text: { equals: ['a\nb'] } }, []],
    ['the AI mark', {}, [{ reply: { text: 'a', isAiMsg: true } }]],
  ])('is left as JSON for %s', (_, when, then) => {
    expect(fitsForm({ name: 'a', when, then })).toBe(false)
  })
})
