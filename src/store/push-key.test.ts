import fc from 'fast-check'
import { expect, it } from 'vitest'
import { restorePush } from '../wechat/index.js'
import { pushKeyOf } from './push-key.js'

const push = (fields: object): string =>
  restorePush({ appId: 'wx1', plaintext: JSON.stringify({ ToUserName: 'gh_1', ...fields }) }).id

it('has the second first, then what is the push’s own, then whose it is', () => {
  const message = { FromUserName: 'oLin', CreateTime: 1_700_000_000, MsgType: 'text', Content: '在吗' }
  expect(pushKeyOf(push({ ...message, MsgId: '23637352235060880' }))).toBe(
    '1700000000:23637352235060880:wx1:oLin',
  )
  const event = { ...message, MsgType: 'event', Event: 'user_enter_tempsession' }
  expect(pushKeyOf(push(event))).toMatch(/^1700000000:[^:]+:[\w-]{22}:wx1:oLin$/)
  expect(pushKeyOf(push({ ...message, FromUserName: 'o'.repeat(200), MsgId: '1' }))).toMatch(
    /^1700000000:1:wx1::[\w-]{22}$/,
  )
})

it('begins with 0 for what can’t be read', () => {
  expect(pushKeyOf(restorePush({ appId: 'wx1', plaintext: 'no push' }).id)).toMatch(/^0:wx1:unreadable:/)
})

it('is another one for each id', () => {
  const part = fc.stringMatching(/^[\w-]{0,24}$/)
  const name = fc.oneof(part, fc.stringMatching(/^:[\w-]{22}$/))
  const time = fc.integer({ min: 0, max: 2_000_000_000 }).map(String)
  const own = fc.oneof(
    name,
    fc.tuple(part, part).map((parts) => parts.join(':')),
  )
  const id = fc.oneof(
    fc.tuple(part, name, fc.oneof(time, part), own).map((parts) => parts.join(':')),
    fc.tuple(part, part).map(([app, hash]) => `${app}:unreadable:${hash}`),
  )
  fc.assert(
    fc.property(id, id, (a, b) => {
      if (a !== b) expect(pushKeyOf(a)).not.toBe(pushKeyOf(b))
    }),
    { numRuns: 5000 },
  )
  // All ids of a small world at once, which collide where any can.
  const few = ['', '1', '12', ':' + 'h'.repeat(22)]
  const ids = new Set(
    few.flatMap((a) => few.flatMap((b) => few.flatMap((c) => few.flatMap((d) => [[a, b, c, d].join(':')])))),
  )
  const real = [...ids].filter((each) => /^[^:]/.test(each))
  expect(new Set(real.map(pushKeyOf)).size).toBe(real.length)
})
