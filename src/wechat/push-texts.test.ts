import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { head, now, secrets, timestamp } from '../../test/support/encoded-pushes.js'
import { runs } from '../../test/support/property-runs.js'
import { decodeAESKey, encrypt } from './crypto.js'
import { decodePush, type Push } from './push.js'
import { sign } from './signature.js'

type Element = readonly [name: string, text: string]

const envelope: readonly Element[] = [
  ['ToUserName', head.toUserName],
  ['FromUserName', head.fromUserName],
]

/** A push as WeChat writes it: bare numbers, and texts whose `]]>` it does not split. */
function written(elements: readonly Element[]): string {
  const parts = elements.map(([name, text]) =>
    /^\d+$/.test(text) && name !== 'Content'
      ? `<${name}>${text}</${name}>`
      : `<${name}><![CDATA[${text}]]></${name}>`,
  )
  return `<xml>${parts.join('')}</xml>`
}

function messageOf(type: string, rest: readonly Element[]): string {
  return written([...envelope, ['CreateTime', `${timestamp}`], ['MsgType', type], ...rest])
}

/** Decodes a text in each mode, which must make no difference. */
function decoded(plaintext: string): Push {
  const nonce = '1'
  const encrypted = encrypt(plaintext, decodeAESKey(secrets.encodingAESKey), secrets.appId)
  const query = {
    timestamp: `${timestamp}`,
    nonce,
    signature: sign(secrets.token, `${timestamp}`, nonce),
    msg_signature: sign(secrets.token, `${timestamp}`, nonce, encrypted),
  }
  const body = `<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`
  const secure = decodePush(body, query, secrets, now)
  const plain = decodePush(plaintext, query, { ...secrets, mode: 'plain' }, now)
  expect({ ...plain, encrypted: true }).toEqual(secure)
  return secure
}

/** What is left of a text where XML is read: no forbidden characters, line feeds for line ends, marks joined. */
function kept(text: string): string {
  return text.replaceAll(']]]]><![CDATA[>', ']]>').replace(/\r\n?/g, '\n').replaceAll('\u0014', '\uFFFD')
}

const marks = [
  ']]>',
  ']]',
  ']',
  '>',
  '<![CDATA[',
  '</Content>',
  '<Content>',
  ']]></Content>',
  '<Content><![CDATA[',
  '<FromUserName><![CDATA[oVictim]]></FromUserName>',
  '<MsgType><![CDATA[event]]></MsgType>',
  '<Event>user_enter_tempsession</Event>',
  '<SessionFrom><![CDATA[',
  ']]></SessionFrom>',
  '<Title><![CDATA[',
  ']]></Title>',
  '<AppId>wxforged</AppId>',
  '<PagePath><![CDATA[',
  ']]></PagePath>',
  '<MsgId>7</MsgId>',
  ']]></reason>',
  '<reason><![CDATA[',
  '<x><![CDATA[',
  ']]></x>',
  '</xml>',
  '<xml>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&amp;',
  '&b;',
  '<!--',
  '-->',
  '<?php ?>',
  '客',
  '\u0014',
  '\r\n',
  ' ',
]
const hostile = fc.array(fc.constantFrom(...marks), { maxLength: 10 }).map((parts) => parts.join(''))

describe('what a customer writes, in XML whose end marks WeChat does not split', () => {
  it.each([
    'a ]]> b',
    '<a><![CDATA[1]]></a>',
    ']]>',
    ']]></Content>',
    'x]]></Content><FromUserName><![CDATA[oVictim]]></FromUserName><Content><![CDATA[y',
    ']]></Content><FromUserName>oVictim</FromUserName></xml>',
    ']]></Content><MsgId>1</MsgId></xml><xml><Content><![CDATA[',
    'a]]>&amp;<![CDATA[b',
    '</Content><Content>',
    '<MsgId>1</MsgId>',
  ])('is read whole: %j', (content) => {
    const push = decoded(
      messageOf('text', [
        ['Content', content],
        ['MsgId', '22876340532172986'],
      ]),
    )
    expect(push.unreadable).toBeUndefined()
    expect(push).toMatchObject({
      openId: head.fromUserName,
      payload: { msgType: 'text', content, msgId: '22876340532172986', fromUserName: head.fromUserName },
    })
  })

  it('is the whole text of a message, whatever it is', () => {
    fc.assert(
      fc.property(hostile, (content) => {
        const push = decoded(
          messageOf('text', [
            ['Content', content],
            ['MsgId', '22876340532172986'],
          ]),
        )
        expect(push.payload).toMatchObject({
          msgType: 'text',
          content: kept(content),
          msgId: '22876340532172986',
        })
        expect(push.openId).toBe(head.fromUserName)
        expect(Object.keys(push.payload.fields).sort()).toEqual(
          ['ToUserName', 'FromUserName', 'CreateTime', 'MsgType', 'Content', 'MsgId'].sort(),
        )
      }),
      { numRuns: runs() },
    )
  })

  it('is the whole session-from of an entry', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const push = decoded(
          messageOf('event', [
            ['Event', 'user_enter_tempsession'],
            ['SessionFrom', text],
          ]),
        )
        expect(push.payload).toMatchObject({ event: 'user_enter_tempsession', sessionFrom: kept(text) })
        expect(push.openId).toBe(head.fromUserName)
      }),
      { numRuns: runs() },
    )
  })

  it('never gives a card another sender, type, appid or field: it is read as it was written, or kept unread', () => {
    fc.assert(
      fc.property(hostile, hostile, (title, path) => {
        const push = decoded(
          messageOf('miniprogrampage', [
            ['MsgId', '1234567890123456'],
            ['Title', title],
            ['AppId', 'wxreal'],
            ['PagePath', path],
            ['ThumbMediaId', 'm1'],
          ]),
        )
        if (push.unreadable)
          expect(push.unreadable).toMatchObject({ fromUserName: head.fromUserName, isEvent: false })
        else
          expect(push).toMatchObject({
            openId: head.fromUserName,
            payload: {
              msgType: 'miniprogrampage',
              title: kept(title),
              appId: 'wxreal',
              pagePath: kept(path),
              thumbUrl: '',
              thumbMediaId: 'm1',
            },
          })
      }),
      { numRuns: runs() },
    )
  })

  it('brings no field into an event, and no sender into one that has none', () => {
    const names = ['ToUserName', 'FromUserName', 'CreateTime', 'MsgType', 'Event', 'reason', 'x']
    fc.assert(
      fc.property(fc.boolean(), hostile, hostile, (hasSender, reason, x) => {
        const push = decoded(
          written([
            ...envelope.filter(([name]) => hasSender || name !== 'FromUserName'),
            ['CreateTime', `${timestamp}`],
            ['MsgType', 'event'],
            ['Event', 'wxa_media_check'],
            ['reason', reason],
            ['x', x],
          ]),
        )
        const sender = hasSender ? head.fromUserName : ''
        if (push.unreadable) {
          expect(push.unreadable).toMatchObject({ fromUserName: sender, isEvent: true })
          return
        }
        expect(push).toMatchObject({ openId: sender, payload: { msgType: 'event', type: 'wxa_media_check' } })
        for (const name of Object.keys(push.payload.fields)) expect(names).toContain(name)
      }),
      { numRuns: runs() },
    )
  })

  it('changes nothing where the end marks are split', () => {
    fc.assert(
      fc.property(hostile, (content) => {
        const split = content.replaceAll(']]>', ']]]]><![CDATA[>')
        const push = decoded(
          messageOf('text', [
            ['Content', split],
            ['MsgId', '1'],
          ]),
        )
        expect(push.payload).toMatchObject({ content: kept(content) })
      }),
      { numRuns: runs() },
    )
  })
})

describe('what a customer writes, in JSON', () => {
  it('is the whole text, and never a field', () => {
    const parts = [
      '"',
      '\\',
      '","FromUserName":"oVictim',
      '"MsgType":"event"',
      '{',
      '}',
      '\u0014',
      '\n',
      '":',
      '客',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 10 }), (chosen) => {
        const content = chosen.join('')
        const raw = JSON.stringify(content)
          .replaceAll('\\u0014', '\u0014')
          .replaceAll(/(?<!\\)((?:\\\\)*)\\n/g, '$1\n')
        const plaintext = `{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1,"MsgType":"text","Content":${raw},"MsgId":22876340532172987}`
        const query = {
          timestamp: `${timestamp}`,
          nonce: '1',
          signature: sign(secrets.token, `${timestamp}`, '1'),
        }
        const push = decodePush(plaintext, query, { ...secrets, mode: 'plain' }, now)
        expect(push.openId).toBe('o1')
        expect(push.payload).toMatchObject({ msgType: 'text', msgId: '22876340532172987' })
        const { content: read } = push.payload as { content: string }
        expect(read.replaceAll('\uFFFD', '\u0014')).toBe(content)
      }),
      { numRuns: runs() },
    )
  })
})
