import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../test/support/property-runs.js'
import { parseLenientJson } from './lenient-json.js'
import { encodeFields, encodePlaintext, type Manner } from './push-encoding.js'
import { decodePush } from './push.js'
import { decodeAESKey, decrypt } from './crypto.js'

const secrets = { appId: 'wx1', token: 'token', encodingAESKey: 'k'.repeat(43), mode: 'plain' } as const
const head = { ToUserName: 'gh_1', FromUserName: 'o1', CreateTime: 1700000000, MsgType: 'text' }
const write = (format: 'json' | 'xml', content: string, manner?: Manner): string =>
  encodeFields({ ...head, Content: content, MsgId: '24728329841280001' }, secrets, {
    format,
    ...(manner && { manner }),
  }).body

describe('a push is written as WeChat writes it', () => {
  test('in JSON: with line feeds, four blanks, and a line feed at its end', () => {
    expect(write('json', '你好', { pretty: true })).toBe(
      '{\n    "ToUserName": "gh_1",\n    "FromUserName": "o1",\n    "CreateTime": 1700000000,\n' +
        '    "MsgType": "text",\n    "Content": "你好",\n    "MsgId": 24728329841280001\n}\n',
    )
  })

  test('in JSON: control characters as they are, and nothing else unescaped', () => {
    const content = 'a\u0014\t\n\r\u0000"\\u0014\\\\n'
    const body = write('json', content, { rawControls: true })
    expect(body).toContain('"a\u0014\t\n\r\u0000\\"\\\\u0014\\\\\\\\n"')
    expect(parseLenientJson(body)).toHaveProperty('Content', content.replace(/[\u0014\0]/g, '\ufffd'))
  })

  test('in XML: control characters and the end of a CDATA section as they are', () => {
    expect(write('xml', 'a ]]> b\u0014', { unsplitCdata: true, rawControls: true })).toContain(
      '<Content><![CDATA[a ]]> b\u0014]]></Content>',
    )
    expect(write('xml', 'a ]]> b\u0014')).toContain(
      '<Content><![CDATA[a ]]]]><![CDATA[> b\ufffd]]></Content>',
    )
  })

  test('and otherwise so that it reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (content, pretty) => {
        const push = encodeFields({ ...head, Content: content, MsgId: '1' }, secrets, { manner: { pretty } })
        expect(decodePush(push.body, push.query, secrets).payload).toMatchObject({ content, msgId: '1' })
      }),
      { numRuns: runs(300) },
    )
  })
})

describe('encodePlaintext', () => {
  const plaintext = ' {"MsgType ": ["\u0014", ]]> <odd>'
  const beside = { openId: 'o1', toUserName: 'gh_1' }

  test('leaves the text as it is, in plain mode', () => {
    const { body, query } = encodePlaintext(plaintext, beside, secrets)
    expect(body).toBe(plaintext)
    expect(query).toMatchObject({ openid: 'o1' })
  })

  test.each(['json', 'xml'] as const)('seals it in a %s envelope, signed', (format) => {
    for (const mode of ['secure', 'compatible'] as const) {
      const { body, query } = encodePlaintext(plaintext, beside, { ...secrets, mode }, { format })
      expect(body.startsWith(format === 'json' ? '{' : '<xml>')).toBe(true)
      const [, encrypted = ''] = /([A-Za-z0-9+/=]{60,})/.exec(body) ?? []
      expect(decrypt(encrypted, decodeAESKey(secrets.encodingAESKey)).message.toString()).toBe(plaintext)
      expect(query).toMatchObject({
        encrypt_type: 'aes',
        msg_signature: expect.stringMatching(/^\w{40}$/) as string,
      })
    }
  })
})
