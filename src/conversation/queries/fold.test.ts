import { describe, expect, it } from 'vitest'
import { folded, variantsOf } from './fold.js'
import { pairs } from './simplified-table.js'

describe('a text as it is compared', () => {
  it.each([
    ['貨到付款', '货到付款'],
    ['門口有臺階', '门口有台阶'],
    ['頭髮發', '头发发'],
    ['苧薴苎', '苎苎苎'],
    ['什麼時候', '什么时候'],
    ['退\u200b款\u200c\u200d\u2060\ufeff\u00ad\u202e', '退款'],
    ['❤️ 👨‍👩‍👧', '❤ 👨👩👧'],
    ['plain words, 123', 'plain words, 123'],
  ])('%j is %j', (text, expected) => {
    expect(folded(text)).toBe(expected)
  })

  it('comes to the same however often it is folded', () => {
    expect(pairs.length % 2).toBe(0)
    expect(folded(folded(pairs))).toBe(folded(pairs))
    expect(Array.from(pairs)).toHaveLength(pairs.length)
  })

  it('has each traditional character once, beside a simplified one that is none', () => {
    const traditional = Array.from(pairs).filter((_, at) => at % 2 === 0)
    expect(new Set(traditional).size).toBe(traditional.length)
    for (const character of Array.from(pairs).filter((_, at) => at % 2 === 1))
      expect(folded(character)).toBe(character)
  })

  it('knows what comes to a character', () => {
    expect([...variantsOf('台')].sort()).toEqual(['台', '檯', '臺', '颱'].sort())
    expect(variantsOf('a')).toEqual(['a'])
  })
})
