import { describe, expect, it } from 'vitest'
import { fieldsOf, incomingTypes, messageTypes, outgoingTypes, pushFieldsOf } from './index.js'

describe('the types of messages', () => {
  it('have a name, a line and an action in both languages', () => {
    for (const { msgType, words } of messageTypes)
      for (const each of Object.values(words)) {
        expect(each.zh, msgType).toMatch(/\p{Script=Han}/u)
        expect(each.en, msgType).toMatch(/^\[?[A-Z][^\p{Script=Han}]*$/u)
      }
  })

  it('name fields that they have, none of WeChat’s names twice, and show a picture by its media id', () => {
    for (const type of messageTypes) {
      const names = fieldsOf(type).map(([name]) => name)
      const wires = fieldsOf(type).map(([, { wire }]) => wire)
      expect(new Set(wires).size, type.msgType).toBe(wires.length)
      if (type.headline !== null) expect(names).toContain(type.headline)
      if (type.picture !== null)
        expect(fieldsOf(type).find(([name]) => name === type.picture)?.[1].kind).toBe('media')
      if (type.isBare) expect(names).toHaveLength(1)
    }
  })

  it('are known by their names, and which of them customers send', () => {
    expect(new Set(outgoingTypes).size).toBe(messageTypes.length)
    expect(incomingTypes).toEqual(['text', 'image', 'miniprogrampage'])
    for (const type of incomingTypes) expect(pushFieldsOf(type)).toContainEqual(['msgId', 'MsgId'])
    expect(pushFieldsOf('link')).toBeUndefined()
  })
})
