import fc from 'fast-check'
import { expect, it } from 'vitest'
import { utf8Bytes } from './bytes.js'
import { splitText } from './split-text.js'

it('a text that fits stays whole, a longer one is cut behind a sentence', () => {
  expect(splitText('你好')).toEqual(['你好'])
  const sentence = `${'很'.repeat(60)}。`
  const parts = splitText(sentence.repeat(10), 400)
  expect(parts.length).toBeGreaterThan(4)
  for (const part of parts) expect(part.endsWith('。')).toBe(true)
})

it('no part is too long, nothing but white space at the cuts is lost, no character is torn', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 20, maxLength: 300, size: 'max' }), (text) => {
      const parts = splitText(text, 60)
      if (utf8Bytes(text) <= 60) return
      for (const part of parts) expect(utf8Bytes(part)).toBeLessThanOrEqual(60)
      expect(parts.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      for (const part of parts) expect(part).not.toMatch(/[\ud800-\udbff]$|^[\udc00-\udfff]/)
    }),
  )
})

it('prefers sentences only where they cost no message more', () => {
  const text = `${'一'.repeat(70)}。${'二'.repeat(60)}。${'三'.repeat(68)}`
  // 212 + 183 + 204 bytes: two messages hold them when filled, sentences would take three.
  const parts = splitText(text, 300)
  expect(parts).toHaveLength(2)
  expect(parts.join('')).toBe(text)
})

it.each(['a', '很', '👍🏽'])('fills messages of %s to the byte, and no further', (piece) => {
  for (let bytes = 40; bytes < 60; bytes++) {
    const parts = splitText(piece.repeat(50), bytes)
    const most = Math.floor(bytes / utf8Bytes(piece)) * utf8Bytes(piece)
    for (const part of parts.slice(0, -1)) expect(utf8Bytes(part)).toBe(most)
    expect(utf8Bytes(parts.at(-1) ?? '')).toBeLessThanOrEqual(most)
  }
})
