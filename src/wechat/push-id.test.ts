import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decode,
  encode,
  enter,
  now,
  secrets,
  text,
  timestamp,
  ways,
} from '../../test/support/encoded-pushes.js'
import { decodePush, encodeFields } from './push.js'
import { runs } from '../../test/support/property-runs.js'

describe('Push.id', () => {
  it('is one for each repeat of a push, also when WeChat encrypts it anew', () => {
    for (const { mode, format } of ways)
      for (const incoming of [text('x'), enter]) {
        const first = decode(encode(incoming, mode, { format }), mode)
        const again = decode(encode(incoming, mode, { format, nonce: '7', timestamp: timestamp + 5 }), mode)
        expect(again.id).toBe(first.id)
        expect(again.nonce).toBe('7')
      }
  })

  it('is readable for a message: appid, openid, time and MsgId', () => {
    expect(decode(encode(text('x'))).id).toBe(
      'wxba5fad812f8e6fb9:o9AgO5Kd5ggOC-bXrbNODIiE3bGY:1714112445:22876340532172986',
    )
  })

  it('is no longer than an index takes, whatever WeChat sends', () => {
    const long = '客'.repeat(5000)
    const odd = (fields: Record<string, unknown>): string => {
      const encoded = encodeFields(
        { ToUserName: 'gh_1', FromUserName: '客'.repeat(128), CreateTime: 1, ...fields },
        secrets,
        { timestamp },
      )
      return decodePush(encoded.body, encoded.query, secrets, now).id
    }
    const ids = [
      odd({ MsgType: 'text', Content: 'x', MsgId: long }),
      odd({ MsgType: 'text', Content: 'x', MsgId: `${long}2` }),
      odd({ MsgType: 'event', Event: long }),
      odd({ MsgType: long, Content: 'x' }),
      odd({ MsgType: 'text', Content: 'x', FromUserName: long }),
    ]
    expect(ids.filter((id) => Buffer.byteLength(id) > 2600)).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('goes by the text where MsgId is none: two messages of a second are two', () => {
    for (const MsgId of [0, '0', true, false, -1, 1.5, 1e30, null, '', ' '])
      expect(
        new Set(
          ['a', 'b'].map((Content) => {
            const fields = { FromUserName: 'oLin', CreateTime: 1, MsgType: 'text', Content, MsgId }
            const encoded = encodeFields(fields, secrets, { timestamp })
            return decodePush(encoded.body, encoded.query, secrets, now).id
          }),
        ).size,
      ).toBe(2)
  })

  it('differs for any two pushes that differ in what they are known by', () => {
    const name = fc.constantFrom('a', 'b', 'a:b', ':', '%', '%3a;', '\ud800', '\ud801', '客')
    const push = fc.record({
      appId: name,
      from: name,
      time: fc.integer({ min: 1, max: 2 }),
      kind: fc.constantFrom('text', 'voice', 'event:a', 'event:b', 'event:text'),
      msgId: fc.constantFrom('', '1', '2', ':', 'a:1', '%31;'),
      content: fc.constantFrom('x', 'y'),
    })
    const decoded = push.map(({ appId, from, time, kind, msgId, content }) => {
      const [msgType = '', event] = kind.split(':')
      const fields = {
        FromUserName: from,
        CreateTime: time,
        MsgType: msgType,
        Event: event,
        Content: content,
        MsgId: msgId,
      }
      const app = { ...secrets, appId, mode: 'plain' as const }
      const encoded = encodeFields(fields, app, { timestamp })
      const { id } = decodePush(encoded.body, encoded.query, app, now)
      const known = event === undefined && msgId !== '' ? [msgId] : [kind, encoded.body]
      return { id, key: JSON.stringify([appId, from, time, ...known]) }
    })
    fc.assert(
      fc.property(fc.array(decoded, { minLength: 30, maxLength: 60 }), (pushes) => {
        const keyOf = new Map<string, string>()
        for (const { id, key } of pushes) expect(keyOf.set(id, keyOf.get(id) ?? key).get(id)).toBe(key)
        expect(keyOf.size).toBe(new Set(pushes.map(({ key }) => key)).size)
      }),
      { numRuns: runs(500) },
    )
  })
})
