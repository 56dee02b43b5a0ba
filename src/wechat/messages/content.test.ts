import { describe, expect, it } from 'vitest'
import { headlineOf, mediaIdOf, outgoingFrom, searchedFields, toBody, withMediaId } from './content.js'
import { fieldsOf, messageTypes, type OutgoingMessage } from './index.js'

/** A message of each type, each field holding its own name. */
const samples = messageTypes.map((type): [string, Record<string, string>] => [
  type.msgType,
  Object.fromEntries(fieldsOf(type).map(([name]) => [name, `its ${name}`])),
])

describe('a message of each type', () => {
  it.each(samples)('%s is written with all its fields, in WeChat’s names', (msgType, content) => {
    const message = outgoingFrom(msgType, content)
    if (!message) throw new Error('is no message')
    expect(message).toEqual({ msgType, ...content })
    expect(Object.values(toBody(message))).toEqual(Object.values(content))
    expect(Object.keys(toBody(message)).join()).not.toMatch(/[A-Z]/)
  })

  it.each(samples)('%s can’t be made without a field that it needs', (msgType, content) => {
    const type = messageTypes.find((each) => each.msgType === msgType)
    for (const [name, { mayBeEmpty }] of type ? fieldsOf(type) : []) {
      const rest = Object.fromEntries(Object.entries(content).filter(([key]) => key !== name))
      if (mayBeEmpty) expect(outgoingFrom(msgType, rest)).toMatchObject({ [name]: '' })
      else expect(outgoingFrom(msgType, rest), name).toBeNull()
    }
    expect(outgoingFrom(msgType, { ...content, isAiMsg: true, id: 3 })).toEqual({ msgType, ...content })
  })

  it.each(samples)('%s keeps everything but its picture when that is uploaded anew', (msgType, content) => {
    const message = { msgType, ...content } as unknown as OutgoingMessage
    const kept = mediaIdOf(msgType, message)
    const renewed = withMediaId(message, 'newer')
    if (kept === undefined) expect(renewed).toEqual(message)
    else {
      expect(mediaIdOf(msgType, renewed)).toBe('newer')
      expect(Object.values(renewed).filter((value) => !Object.values(message).includes(value))).toEqual([
        'newer',
      ])
    }
  })
})

describe('a message’s picture', () => {
  it('is an image’s own or a card’s cover, and nothing of what kefu does not know', () => {
    expect(mediaIdOf('image', { mediaId: 'm' })).toBe('m')
    expect(mediaIdOf('miniprogrampage', { mediaId: 'other', thumbMediaId: 't' })).toBe('t')
    expect(mediaIdOf('other', { mediaId: 'm' })).toBeUndefined()
    expect(mediaIdOf('text', { content: 'm', mediaId: 'm' })).toBeUndefined()
  })

  it.each([undefined, '', 3, 'x'.repeat(513)])('is none where its id is %j', (mediaId) => {
    expect(mediaIdOf('image', { mediaId })).toBeUndefined()
  })
})

it('a message is found by its texts, and named by the first of them', () => {
  expect(searchedFields).toEqual(expect.arrayContaining(['content', 'title', 'description']))
  expect(searchedFields).not.toContain('url')
  expect(headlineOf('link', { title: 't', description: 'd' })).toBe('t')
  expect(headlineOf('text', { content: 'c' })).toBe('c')
  expect(headlineOf('image', { mediaId: 'm' })).toBeUndefined()
  expect(headlineOf('other', { title: 't' })).toBeUndefined()
})
