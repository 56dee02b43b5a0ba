import { expect, it } from 'vitest'
import { fieldsOf, messageTypes } from './index.js'
import { readReply, replyOf, type ReplyForm } from './reply-form.js'

it.each(messageTypes)('a reply of type $msgType comes back as it was written', (type) => {
  const values = Object.fromEntries(fieldsOf(type).map(([name]) => [name, `its ${name}`]))
  const read = readReply(replyOf(type, values))
  expect(read.type).toBe(type)
  expect(Object.fromEntries(read.texts.map(({ name, text }) => [name, text]))).toEqual(values)
})

it('a text is one text, a card an object', () => {
  const [text, image] = messageTypes
  expect(replyOf(text, { content: '您好' })).toEqual({ text: '您好' })
  expect(replyOf(image, { mediaId: 'm', other: 'x' })).toEqual({ image: { mediaId: 'm' } })
})

it('what is no reply is refused', () => {
  expect(() => readReply({ voice: { mediaId: 'm' } } as unknown as ReplyForm)).toThrow(TypeError)
})
