import { describe, expect, it } from 'vitest'
import { extraDraft, extraOf, isExtraWhole, type ExtraDraft } from './entry-extra.js'

const card = { msgType: 'miniprogrampage', title: '杯子', pagePath: 'pages/cup', thumbMediaId: 'M1' } as const
const link: ExtraDraft = {
  msgType: 'link',
  fields: {
    title: '说明',
    description: '',
    url: 'https://shop.example/a',
    thumbUrl: 'https://shop.example/b.png',
  },
}

describe('the message that follows an answer, as a form has it', () => {
  it('comes back as it was, also what has no field', () => {
    for (const extra of [null, card, { ...card, isAiMsg: true }])
      expect(extraOf(extraDraft(extra), extra)).toBe(extra)
  })

  it('is what its fields hold, without those of other types', () => {
    const draft = extraDraft(card)
    draft.fields['title'] = ' 马克杯 '
    draft.fields['url'] = 'https://shop.example'
    expect(extraOf(draft, { ...card, isAiMsg: true })).toEqual({ ...card, title: '马克杯' })
    expect(extraOf({ ...draft, msgType: '' }, card)).toBeNull()
    expect(extraOf(link, null)).toEqual({ msgType: 'link', ...link.fields })
  })

  it.each<[ExtraDraft, boolean]>([
    [extraDraft(null), true],
    [extraDraft(card), true],
    [link, true],
    [{ ...link, fields: { ...link.fields, url: 'shop.example' } }, false],
    [{ ...link, fields: { ...link.fields, title: '  ' } }, false],
    [{ msgType: 'image', fields: {} }, false],
    [{ msgType: 'text', fields: { content: '好'.repeat(682) } }, true],
    [{ msgType: 'text', fields: { content: '好'.repeat(683) } }, false],
  ])('says whether it can be sent: %j', (draft, isWhole) => {
    expect(isExtraWhole(draft)).toBe(isWhole)
  })
})
