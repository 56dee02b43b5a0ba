import { expect, it } from 'vitest'
import { titleOf } from './tab-signs.js'

const words = { waiting: '待接入', handed: '转给我', name: '客服台' }

it.each([
  [{ waiting: 3, handed: 0 }, '(3) 待接入 · 客服台'],
  [{ waiting: 0, handed: 2 }, '(2) 转给我 · 客服台'],
  [{ waiting: 3, handed: 2 }, '(3) 待接入 · (2) 转给我 · 客服台'],
  [{ waiting: 0, handed: 0 }, '客服台'],
])('the title counts who waits, and who was handed over: %o', (counts, title) => {
  expect(titleOf(counts, words)).toBe(title)
})
