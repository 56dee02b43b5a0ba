import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readJsonAnswer } from './json-answer.js'

const select = { action: 'select', entry: 'E12' }

it.each([
  '{"action":"select","entry":"E12"}',
  '```json\n{"action":"select","entry":"E12"}\n```',
  '<think>先看 {"action":"handoff"} 行不行</think>{"action":"select","entry":"E12"}',
  '好的，答案是 {"action":"select","entry":"E12"}。希望有帮助！',
  '{不是} {"action":"select","entry":"E12"}',
])('reads %s', (text) => {
  expect(readJsonAnswer(text)).toEqual(select)
})

it.each(['', '好的', '{"action":"select"', '{"a":1}{"b":2}', '<think>{"action":"select"}', '[1]'])(
  'takes %s for no answer',
  (text) => {
    expect(readJsonAnswer(text)).toBeUndefined()
  },
)

it('reads any object between any words without braces', () => {
  const words = fc.string({ unit: fc.constantFrom('好', ' ', '\n', '"', '`', 'a') })
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), words, (object, before) => {
      const text = `${before}${JSON.stringify(object)}`
      fc.pre(!/<think>/i.test(text))
      expect(readJsonAnswer(text)).toEqual(JSON.parse(JSON.stringify(object)))
    }),
  )
})
