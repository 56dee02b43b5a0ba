import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decode,
  encode,
  formats,
  head,
  keyless,
  secrets,
  text,
  timestamp,
  typed,
  ways,
} from '../../test/support/encoded-pushes.js'
import { refusal } from '../../test/support/refusal.js'
import { decodeAESKey, encrypt } from './crypto.js'
import type { IncomingInput } from './incoming.js'
import { decodePush, encodePush } from './push.js'
import { sign } from './signature.js'
import { runs } from '../../test/support/property-runs.js'

describe('what encodePush writes', () => {
  it('is in secure mode the envelope alone, in JSON', () => {
    const { body, query } = encode(text('秘密'))
    expect(Object.keys(JSON.parse(body) as object)).toEqual(['ToUserName', 'Encrypt'])
    expect(Object.keys(query)).toEqual([
      'signature',
      'timestamp',
      'nonce',
      'openid',
      'encrypt_type',
      'msg_signature',
    ])
  })

  it('is in secure mode the envelope alone, in XML', () => {
    expect(encode(text('秘密'), 'secure', { format: 'xml' }).body).toMatch(
      /^<xml><ToUserName><!\[CDATA\[gh_97417a04a28d\]\]><\/ToUserName><Encrypt><!\[CDATA\[[A-Za-z0-9+/=]+\]\]><\/Encrypt><\/xml>$/,
    )
  })

  it('is in plain mode what WeChat’s page shows', () => {
    const json = encode(text('this is a test', '1234567890123456'), 'plain')
    expect(json.body).toBe(
      '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"text","Content":"this is a test","MsgId":1234567890123456}',
    )
    expect(Object.keys(json.query)).toEqual(['signature', 'timestamp', 'nonce', 'openid'])
    expect(encode(text('this is a test', '1234567890123456'), 'plain', { format: 'xml' }).body).toBe(
      '<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]></FromUserName>' +
        '<CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[this is a test]]></Content><MsgId>1234567890123456</MsgId></xml>',
    )
  })

  it('is in compatible mode the plain fields, and Encrypt as the last', () => {
    const { body } = encode(text('x'), 'compatible')
    expect(Object.keys(JSON.parse(body) as object)).toEqual([
      'ToUserName',
      'FromUserName',
      'CreateTime',
      'MsgType',
      'Content',
      'MsgId',
      'Encrypt',
    ])
    expect(encode(text('x'), 'compatible', { format: 'xml' }).body).toMatch(
      /<MsgId>22876340532172986<\/MsgId><Encrypt>.*<\/Encrypt><\/xml>$/,
    )
  })

  it('takes now and a nonce of its own when none are given', () => {
    const push = encodePush(text('x'), secrets)
    expect(Math.abs(Number(push.query['timestamp']) - Date.now() / 1000)).toBeLessThan(5)
    expect(push.query['nonce']).toMatch(/^\d+$/)
    expect(decodePush(push.body, push.query, secrets).payload).toMatchObject({ content: 'x' })
  })

  it('needs an EncodingAESKey unless the mode is plain', () => {
    expect(refusal(() => encodePush(text('x'), keyless))).toBe('ConfigError config')
    expect(refusal(() => encodePush(text('x'), { ...keyless, mode: 'compatible' }))).toBe(
      'ConfigError config',
    )
    expect(refusal(() => encodePush(text('x'), { ...keyless, mode: 'plain' }))).toBe('accepted')
  })
})

describe.each(ways)('what is encoded, decodes: $mode mode, $format', ({ mode, format }) => {
  const anything = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          '你好',
          '👨‍👩‍👧',
          ']]>',
          '<![CDATA[',
          '<b>',
          '&amp;',
          '"',
          "'",
          '\\',
          '\\"',
          '\u0000',
          '\u001f',
          '\r\n',
          '\r',
          '\n',
          '\t',
          '\ud800',
          '\udfff',
          '\ufffe',
          '"MsgId":"1"',
          '{{',
          '12345678901234567',
        ),
      ),
      { maxLength: 5 },
    )
    .map((parts) => parts.join(''))
  const digits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
  const msgId = fc.oneof(digits, fc.constantFrom('', '007', '49d72d67_1555684067'))
  const common = {
    toUserName: anything,
    fromUserName: anything.filter((name) => name !== ''),
    createTime: fc.integer({ min: 0, max: 4_102_444_800 }),
  }
  const incoming: fc.Arbitrary<IncomingInput> = fc.oneof(
    fc.record({ ...common, msgType: fc.constant('text' as const), content: anything, msgId }),
    fc.record({
      ...common,
      businessId: fc
        .nat()
        .filter((id) => id > 0)
        .map(String),
      msgType: fc.constant('text' as const),
      content: anything,
      msgId,
    }),
    fc.record({
      ...common,
      msgType: fc.constant('image' as const),
      picUrl: anything,
      mediaId: anything,
      msgId,
    }),
    fc.record({
      ...common,
      msgType: fc.constant('miniprogrampage' as const),
      title: anything,
      appId: anything,
      pagePath: anything,
      thumbUrl: anything,
      thumbMediaId: anything,
      msgId,
    }),
    fc.record({
      ...common,
      msgType: fc.constant('other' as const),
      type: fc.constantFrom('voice', 'location', '将来的'),
      msgId,
    }),
    fc.record({
      ...common,
      msgType: fc.constant('event' as const),
      event: fc.constant('user_enter_tempsession' as const),
      sessionFrom: anything,
    }),
    fc.record({
      ...common,
      msgType: fc.constant('event' as const),
      event: fc.constant('other' as const),
      type: fc.constantFrom('wxa_media_check', 'debug_demo'),
      list: fc.constant([]),
    }),
  )

  /** What a format can't carry: XML has no control characters and no half characters, and its line ends are \n. */
  function carried(value: string): string {
    if (format === 'json') return value
    return value
      .replace(/\r\n?/g, '\n')
      .replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
  }

  it('to the same, but for the characters that XML cannot hold', () => {
    fc.assert(
      fc.property(incoming, (input) => {
        const push = decode(encode(input, mode, { format }), mode)
        const expected = Object.fromEntries(
          Object.entries(input).map(([name, value]) => [
            name,
            typeof value === 'string' ? carried(value) : value,
          ]),
        )
        expect(typed(push)).toEqual(expected)
        expect(push).toMatchObject({
          appId: secrets.appId,
          openId: carried(input.fromUserName),
          format,
          encrypted: mode !== 'plain',
          nonce: '415670741',
        })
      }),
      { numRuns: runs(500) },
    )
  })

  it('from bytes as from text', () => {
    const encoded = encode(text('你好 👋 ]]> <b>'), mode, { format })
    expect(decode({ ...encoded, body: Buffer.from(encoded.body) }, mode)).toEqual(decode(encoded, mode))
  })

  it('with layout around the body', () => {
    const encoded = encode(text('x'), mode, { format })
    expect(decode({ ...encoded, body: `\r\n\t ${encoded.body}\n` }, mode).payload).toMatchObject({
      content: 'x',
    })
  })

  it('to three messages where three ids are neighbours beyond 2^53', () => {
    const ids = ['22876340532172986', '22876340532172987', '22876340532172988']
    const pushes = ids.map((id) => decode(encode(text('x', id), mode, { format }), mode))
    expect(pushes.map(({ payload }) => ('msgId' in payload ? payload.msgId : ''))).toEqual(ids)
    expect(new Set(pushes.map(({ id }) => id)).size).toBe(3)
  })

  it('to an event with its structure whole', () => {
    const item = (status: string): object => ({
      TemplateId: 't',
      SubscribeStatusString: status,
      PopupScene: '0',
    })
    const fields = { SubscribeMsgPopupEvent: { List: [item('accept'), item('reject')] }, Event: 'ignored' }
    const push = decode(
      encode(
        { ...head, msgType: 'event', event: 'other', type: 'subscribe_msg_popup_event', list: [], fields },
        mode,
        { format },
      ),
      mode,
    )
    expect(push.payload).toMatchObject({
      type: 'subscribe_msg_popup_event',
      list: [item('accept'), item('reject')],
    })
  })
})

describe('what decodes is the decrypted payload alone', () => {
  it('in compatible mode never the plain fields beside it, which no signature covers', () => {
    for (const format of formats) {
      const encoded = encode(text('真的'), 'compatible', { format })
      const body = encoded.body.replace('真的', '假的')
      expect(body).toContain('假的')
      expect(decode({ ...encoded, body }, 'compatible').payload).toMatchObject({ content: '真的' })
      expect(decode({ ...encoded, body }, 'secure').payload).toMatchObject({ content: '真的' })
    }
  })

  it('and its text is kept as it came, not trimmed or written anew', () => {
    const inner = '\n{ "MsgType" : "text",\n"FromUserName":"o1","MsgId":22876340532172987,"Content":"x" }\n'
    const encrypted = encrypt(inner, decodeAESKey(secrets.encodingAESKey), secrets.appId)
    const query = {
      timestamp: `${timestamp}`,
      nonce: '1',
      msg_signature: sign(secrets.token, `${timestamp}`, '1', encrypted),
    }
    expect(decode({ body: JSON.stringify({ Encrypt: encrypted }), query })).toMatchObject({
      plaintext: inner,
      openId: 'o1',
    })
  })

  it('with a character for each byte that is no UTF-8, instead of losing the message', () => {
    const body = Buffer.from(encode(text('x~x'), 'plain').body)
    body[body.indexOf('~')] = 0xff
    expect(decode({ ...encode(text('x'), 'plain'), body }, 'plain').payload).toMatchObject({
      content: 'x\ufffdx',
    })
  })
})
