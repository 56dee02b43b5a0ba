import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from './limits.js'
import { splitText, utf8Bytes } from './text.js'
import { runs } from '../../test/support/property-runs.js'

describe('utf8Bytes', () => {
  it('counts as Node does, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text))
      }),
      { numRuns: runs(500) },
    )
    for (const text of ['', 'a', 'é', '客', '👋', '\ud83d', '\udc4b\ud83d', '\ud83dx'])
      expect(utf8Bytes(text), JSON.stringify(text)).toBe(Buffer.byteLength(text))
  })
})

describe('splitText', () => {
  const bytes = (text: string): number => Buffer.byteLength(text)
  const graphemes = (text: string): string[] =>
    [...new Intl.Segmenter('zh', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment)
  const link = '<a href="https://a.example/" data-miniprogram-appid="wx1" data-miniprogram-path="p">看!</a>'
  const anything = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          '你好',
          '。',
          '!',
          '!\ufe0f',
          '。\u0301',
          '\n',
          '\r\n',
          '👨‍👩‍👧',
          '🇨🇳',
          'e\u0301',
          link,
          '<a ',
          '</a>',
          '\ud800',
          ' ',
        ),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''))

  it('leaves a text that fits as it is', () => {
    expect(splitText('')).toEqual([''])
    expect(splitText('你好')).toEqual(['你好'])
    expect(splitText('x'.repeat(limits.textBytes))).toHaveLength(1)
    expect(splitText('x'.repeat(limits.textBytes + 1))).toHaveLength(2)
    expect(splitText('客'.repeat(683)).map(bytes)).toEqual([2046, 3])
  })

  it('cuts into parts that fit and, joined, are the text again', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 4, max: 300 }), (text, maxBytes) => {
        const parts = splitText(text, maxBytes)
        expect(parts.join('')).toBe(text)
        for (const part of parts) expect(bytes(part)).toBeLessThanOrEqual(maxBytes)
        if (parts.length > 1) expect(parts).not.toContain('')
      }),
      { numRuns: runs(1000) },
    )
  })

  it('never wastes a message: two neighbours would not fit into one, halves aside', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 120, max: 300 }), (text, maxBytes) => {
        const parts = splitText(text, maxBytes)
        expect(parts.length).toBeLessThanOrEqual(Math.ceil((bytes(text) / maxBytes) * 4) + 1)
      }),
    )
  })

  it('cuts through no character, however many code points it has', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 200, max: 300 }), (text, maxBytes) => {
        fc.pre(!text.includes('<a'))
        fc.pre(graphemes(text).every((grapheme) => bytes(grapheme) <= maxBytes))
        expect(splitText(text, maxBytes).flatMap(graphemes)).toEqual(graphemes(text))
      }),
      { numRuns: runs(500) },
    )
  })

  it('cuts through no character where its own view of a long text ends', () => {
    for (const unit of ['👨‍👩‍👧', '🇨🇳', 'e\u0301', '\r\n', '👋'])
      for (let shift = 0; shift < 12; shift++) {
        const text = 'x'.repeat(shift) + unit.repeat(600)
        const parts = splitText(text)
        expect(parts.join('')).toBe(text)
        for (const part of parts) expect(part.replace(/^x*/, '').replaceAll(unit, '')).toBe('')
      }
  })

  it('cuts a character that does not fit between its code points, never through one', () => {
    const zalgo = `e${'\u0301'.repeat(50)}`
    const parts = splitText(zalgo, 10)
    expect(parts.join('')).toBe(zalgo)
    for (const part of parts) expect(part).not.toContain('\ufffd')
    expect(splitText('👋👋', 4)).toEqual(['👋', '👋'])
  })

  it('cuts through no link that fits, also where its text ends like a sentence', () => {
    for (let before = 0; before < 60; before++) {
      const text = `${'字'.repeat(before)}${link}${'字'.repeat(60 - before)}。`
      const parts = splitText(text, 150)
      expect(parts.join('')).toBe(text)
      expect(
        parts.filter((part) => part.includes(link)),
        String(before),
      ).toHaveLength(1)
    }
  })

  it('cuts a link that fits nowhere', () => {
    const text = `<a href="x">${'长'.repeat(100)}</a>`
    expect(splitText(text, 100).join('')).toBe(text)
    for (const part of splitText(text, 100)) expect(bytes(part)).toBeLessThanOrEqual(100)
  })

  it('prefers the end of a line, then of a sentence, in a part’s second half', () => {
    expect(splitText('一二三四五六七八\n九十。甲乙丙丁', 36)).toEqual([
      '一二三四五六七八\n',
      '九十。甲乙丙丁',
    ])
    expect(splitText('一二三四五六七。八九十甲乙丙丁', 36)).toEqual(['一二三四五六七。', '八九十甲乙丙丁'])
    expect(splitText('一。二三四五六七八九十甲乙丙丁', 36)).toEqual(['一。二三四五六七八九十甲', '乙丙丁'])
    expect(splitText('一二三四五六七八。\r\n九十甲乙丙丁', 33)).toEqual([
      '一二三四五六七八。\r\n',
      '九十甲乙丙丁',
    ])
  })

  it('cuts right before a link, where a sentence ends there', () => {
    const text = `${'字'.repeat(20)}。${link}`
    expect(splitText(text, bytes(text) - 1)).toEqual([`${'字'.repeat(20)}。`, link])
  })
})
