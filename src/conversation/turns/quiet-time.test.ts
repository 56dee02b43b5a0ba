import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dueAt, LONGEST_QUIET_MS, quietMs } from './quiet-time.js'

const text = (content: string): { msgType: string; text: string } => ({ msgType: 'text', text: content })

it('waits less after a question and a long text, and longer after a word or a picture', () => {
  expect(quietMs(text('这个能进洗碗机吗'))).toBe(600)
  expect(quietMs(text('什么时候发货？ '))).toBe(600)
  expect(quietMs(text('我上周买的那个白色的杯子到现在都没有收到货'))).toBe(600)
  expect(quietMs(text('我想问一下发货'))).toBe(1200)
  expect(quietMs(text('你好'))).toBe(2500)
  expect(quietMs(text('👨‍👩‍👧'))).toBeGreaterThan(600)
  expect(quietMs({ msgType: 'image', text: undefined })).toBe(2500)
})

it('never waits past six seconds after the first message, and never into the past', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(60_000), fc.nat(60_000), (content, firstAt, passed) => {
      const now = firstAt + passed
      const due = dueAt(text(content), firstAt, now)
      expect(due).toBeGreaterThanOrEqual(now)
      expect(due).toBeLessThanOrEqual(Math.max(firstAt + LONGEST_QUIET_MS, now))
    }),
  )
})
