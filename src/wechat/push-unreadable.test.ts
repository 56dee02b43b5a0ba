import { describe, expect, it } from 'vitest'
import { formats, head, now, secrets, timestamp, ways } from '../../test/support/encoded-pushes.js'
import { decodeAESKey, encrypt } from './crypto.js'
import { decodePush, restorePush, type Format, type Mode, type Push } from './push.js'
import { sign } from './signature.js'
import { buildXml } from './xml.js'

/** Decodes a signed push around any text, in a mode and an envelope's format. */
function received(plaintext: string, mode: Mode = 'secure', format: Format = 'json'): Push {
  const nonce = '415670741'
  const signature = sign(secrets.token, `${timestamp}`, nonce)
  const query = { timestamp: `${timestamp}`, nonce, signature }
  if (mode === 'plain') return decodePush(plaintext, query, { ...secrets, mode }, now)
  const Encrypt = encrypt(plaintext, decodeAESKey(secrets.encodingAESKey), secrets.appId)
  const body =
    format === 'json'
      ? JSON.stringify({ ToUserName: 'gh_1', Encrypt })
      : buildXml({ ToUserName: 'gh_1', Encrypt })
  const signed = { ...query, msg_signature: sign(secrets.token, `${timestamp}`, nonce, Encrypt) }
  return decodePush(body, signed, { ...secrets, mode }, now)
}

const from = head.fromUserName
const leadJson = `{"ToUserName":"gh_1","FromUserName":"${from}","CreateTime":${timestamp},"MsgType":"text",`
const leadXml = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[${from}]]></FromUserName><CreateTime>${timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>`

/** Texts of pushes that can't be read, and whose they certainly are. */
const shapes: Readonly<Record<string, readonly [plaintext: string, fromUserName: string]>> = {
  nothing: ['', ''],
  blanks: [' \n', ''],
  words: ['success', ''],
  'another language': ['你好', ''],
  'the check of cloud hosting': ['{"action":"CheckContainerPath"}', ''],
  'a list': ['[]', ''],
  'a number': ['1', ''],
  'JSON that ends early': [`${leadJson}"Content":"a`, from],
  'JSON with a quote in its text': [`${leadJson}"Content":"a "b" c"}`, from],
  'JSON with a sender in its text': [`${leadJson}"Content":"a "b","FromUserName":"oVictim","c":"d" "}`, from],
  'JSON whose only sender may be the text’s': [
    '{"Content":"a "b","FromUserName":"oVictim","MsgType":"text"}',
    '',
  ],
  'JSON without MsgType': [`{"FromUserName":"${from}"}`, from],
  'JSON nested too deep': [`${leadJson}"a":${'['.repeat(20)}${']'.repeat(20)}}`, from],
  'JSON with two types': [
    `{"FromUserName":"${from}","MsgType":"text","MsgType":"event","Content":"x"}`,
    from,
  ],
  'JSON with two texts': [`${leadJson}"Content":"a","Content":"b"}`, from],
  'JSON with two senders': [`{"FromUserName":"${from}","FromUserName":"oVictim","MsgType":"text"}`, ''],
  'JSON with two senders, one of them written otherwise': [
    `${leadJson}"Content":"x","\\u0046romUserName" :"oVictim"}`,
    from,
  ],
  'JSON with two senders, one of them with a blank': [
    `${leadJson}"Content":"x"," FromUserName":"oVictim"}`,
    from,
  ],
  'JSON whose text is a structure': [`${leadJson}"Content":{"a":1}}`, from],
  'JSON whose type is a list': [`{"FromUserName":"${from}","MsgType":["text"],"Content":"x"}`, from],
  'JSON whose sender is a structure': ['{"FromUserName":{"a":"oVictim"},"MsgType":"text","Content":"x"}', ''],
  'a message without a sender': ['{"MsgType":"text","Content":"x"}', ''],
  'XML with a DOCTYPE': [
    `<!DOCTYPE xml [<!ENTITY a SYSTEM "http://127.0.0.1/a">]>${leadXml}<Content>&a;</Content></xml>`,
    '',
  ],
  'XML with a DOCTYPE inside': [`${leadXml}<!DOCTYPE xml><Content>a</Content></xml>`, from],
  'XML with an entity': [`${leadXml}<Content>&nbsp;</Content></xml>`, from],
  'XML with a processing instruction': [`${leadXml}<?php echo 1 ?></xml>`, from],
  'XML with an attribute': [`${leadXml}<Content a="b">c</Content></xml>`, from],
  'XML that ends early': [`${leadXml}<Content><![CDATA[a`, from],
  'XML nested too deep': [`${leadXml}<a><b><c><d><e>1</e></d></c></b></a></xml>`, from],
  'XML with two types': [`${leadXml}<MsgType><![CDATA[event]]></MsgType><Event>e</Event></xml>`, from],
  'XML with two types apart': [`${leadXml}<Content>a</Content><MsgType>event</MsgType></xml>`, from],
  'XML with two senders': [
    `<xml><FromUserName>${from}</FromUserName><FromUserName>oVictim</FromUserName><MsgType>text</MsgType></xml>`,
    '',
  ],
  'XML with another root': [`<html><FromUserName>${from}</FromUserName></html>`, ''],
  'XML with a title in which a sender stands': [
    `${leadXml.replace('text', 'miniprogrampage')}<Title><![CDATA[a]]></Title><FromUserName>oVictim</FromUserName><Title><![CDATA[]]></Title></xml>`,
    from,
  ],
  'XML whose only sender may be a text’s': [
    '<xml><MsgType>text</MsgType><Content><![CDATA[a]]></Content><FromUserName>oVictim</FromUserName><Content><![CDATA[]]></Content></xml>',
    '',
  ],
  'XML with stray text': [`${leadXml}stray</xml>`, from],
}

describe.each(ways)('a push that is WeChat’s and can’t be read, $mode $format', ({ mode, format }) => {
  it.each(Object.entries(shapes))('is kept as it came: %s', (_name, [plaintext, fromUserName]) => {
    const push = received(plaintext, mode, format)
    expect(push).toMatchObject({
      openId: '',
      appId: secrets.appId,
      plaintext,
      payload: { msgType: 'other', type: 'unreadable', fromUserName: '', msgId: '', fields: {} },
      unreadable: { fromUserName },
    })
    expect(push.unreadable?.problem).toMatch(/\.$/)
    expect(push.unreadable?.problem).not.toMatch(/oVictim|echo|stray/)
    // What tells it apart is its app and its text, whatever it came in.
    expect(push.id).toBe(received(plaintext, 'secure', 'xml').id)
    expect(push.id).not.toBe(received(`${plaintext} `, mode, format).id)
    const { problem } = push.unreadable ?? {}
    for (const kept of [push, { ...push, unreadable: problem }])
      expect(restorePush(kept)).toEqual({ ...push, encrypted: false, nonce: '' })
  })
})

describe('content in another format than its envelope', () => {
  const inner = {
    xml: `${leadXml}<Content><![CDATA[a]]></Content><MsgId>1</MsgId></xml>`,
    json: `${leadJson}"Content":"a","MsgId":1}`,
  }

  it.each(formats)('can’t be read, and is of whom it says: %s', (format) => {
    const other = format === 'xml' ? 'json' : 'xml'
    const push = received(inner[format], 'secure', other)
    expect(push).toMatchObject({
      openId: '',
      format: other,
      unreadable: { fromUserName: from, createTime: timestamp, isEvent: false },
    })
    const { appId, plaintext } = push
    expect(restorePush({ appId, plaintext, format: other }).unreadable).toEqual(push.unreadable)
    expect(received(inner[format], 'secure', format).unreadable).toBeUndefined()
  })

  it('stays unreadable once it was, also where it could be read', () => {
    const kept = { appId: secrets.appId, plaintext: inner.json, format: 'json' as const }
    expect(restorePush(kept)).toMatchObject({ openId: from })
    expect(restorePush({ ...kept, unreadable: 'why' })).toMatchObject({
      openId: '',
      unreadable: { problem: 'why' },
    })
  })
})

describe('what is unusual and can be read', () => {
  const fields = (msgType: string, rest: object, blank = ''): string =>
    JSON.stringify({
      ToUserName: 'gh_1',
      [`${blank}FromUserName`]: from,
      CreateTime: timestamp,
      MsgType: msgType,
      ...rest,
    })

  it.each(['Event', 'EVENT', ' event'])('is an event whose MsgType is written %j', (msgType) => {
    const plaintext = fields(msgType, {
      Event: 'user_authorization_revoke',
      ' OpenID': 'oPerson ',
      RevokeInfo: '301',
    })
    expect(received(plaintext)).toMatchObject({
      openId: from,
      payload: {
        msgType: 'event',
        event: 'other',
        type: 'user_authorization_revoke',
        fields: { OpenID: 'oPerson ' },
      },
    })
  })

  it('is an entry, or a text, whatever its letters', () => {
    expect(
      received(fields('Event', { Event: 'User_Enter_TempSession', SessionFrom: 'a' })).payload,
    ).toMatchObject({
      event: 'user_enter_tempsession',
      sessionFrom: 'a',
    })
    expect(received(fields('Text', { Content: 'a', MsgId: 1 })).payload).toMatchObject({
      msgType: 'text',
      content: 'a',
    })
  })

  it.each([' ', '\t', '\u00a0'])('has blanks around its names: %j', (blank) => {
    expect(received(fields('text', { [`Content${blank}`]: 'a', [`${blank}MsgId`]: 1 }, blank))).toMatchObject(
      {
        openId: from,
        payload: { content: 'a', msgId: '1' },
      },
    )
  })

  it('has a byte order mark, or repeats what decides nothing', () => {
    expect(received(`\uFEFF${fields('text', { Content: 'a' })}`).payload).toMatchObject({ content: 'a' })
    expect(received(`${leadJson}"Content":"a","x":1,"x":2}`).payload).toMatchObject({
      content: 'a',
      fields: { x: 2 },
    })
    const list = `${leadXml.replace('text', 'event')}<Event>e</Event><fail_idx>1</fail_idx><fail_idx>2</fail_idx></xml>`
    expect(received(list, 'plain').payload).toMatchObject({ type: 'e', fields: { fail_idx: ['1', '2'] } })
  })

  it('says in a text what looks like a name', () => {
    const content = '"MsgType": "event", "FromUserName" : "oVictim"'
    expect(received(fields('text', { Content: content })).payload).toMatchObject({ content })
  })

  it('has a MsgId that JSON rounds: two of them stay two', () => {
    const [one, two] = ['2.2876340532172986e16', '2.2876340532172987e16'].map((id) =>
      received(`${leadJson}"Content":"a","MsgId":${id}}`),
    )
    expect(one?.id).not.toBe(two?.id)
  })
})
