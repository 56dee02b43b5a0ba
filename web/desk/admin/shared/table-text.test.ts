import { expect, it } from 'vitest'
import { tableText } from './table-text.js'

it('reads UTF-8, with or without its mark', () => {
  const bytes = new TextEncoder().encode('\ufeff问题,答案')
  expect(tableText(bytes.buffer)).toBe('问题,答案')
})

it('reads what Excel writes in China', () => {
  // 问题,答案 in GBK.
  const bytes = Uint8Array.from([0xce, 0xca, 0xcc, 0xe2, 0x2c, 0xb4, 0xf0, 0xb0, 0xb8])
  expect(tableText(bytes.buffer)).toBe('问题,答案')
})
