import { describe, expect, it } from 'vitest'
import { contains, indexedForm, queryForm, wordsOf } from './search-pieces.js'

describe('a text’s pieces', () => {
  it('are its single characters and its pairs, none across white space', () => {
    expect(indexedForm('sqlite', '退款了 ok')).toBe('退 款 了 o k \uE000 退款 款了 \uE000 ok')
    expect(indexedForm('postgres', '退款了 ok')).toBe("'退' '款' '了' 'o' 'k' '退款':2 '款了':3 'ok':5")
    expect(indexedForm('sqlite', ' \n\u3000')).toBeUndefined()
    expect(indexedForm('postgres', '')).toBeUndefined()
  })

  it('are asked for one after the other, all words of a query at once', () => {
    expect(queryForm('sqlite', wordsOf(' 退款了  好 '))).toBe('"退款 款了" AND "好"')
    expect(queryForm('postgres', wordsOf('退款了 好'))).toBe("('退款' <-> '款了') & ('好')")
  })

  it('have no sign in them that an index would take for a command', () => {
    const signs = `"'\\*():&|!<->^{}[]%_;--`
    for (const dialect of ['sqlite', 'postgres'] as const)
      expect(queryForm(dialect, wordsOf(signs)).replace(/^["(']+|["')]+$|' <-> '| /g, '')).not.toMatch(
        /[!-~]/,
      )
  })

  it('are the same for full and half width, upper and lower case', () => {
    expect(wordsOf('ＡＢＣ１２３')).toEqual(['abc123'])
    expect(contains('订单ABC', wordsOf('ａｂｃ'))).toBe(true)
  })

  it('take a character outside the first plane, and half of one, as one', () => {
    expect(indexedForm('sqlite', '😀\ud83d好')).toBe('😀 \uFFFD 好 \uE000 😀\uFFFD \uFFFD好')
  })
})
