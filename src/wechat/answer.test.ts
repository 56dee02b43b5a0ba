import { describe, expect, it } from 'vitest'
import { directionOf, encryptedVectors } from '../../test/fixtures/vectors.js'
import {
  decode,
  encode,
  formats,
  keyless,
  modes,
  now,
  secrets,
  text,
  timestamp,
  ways,
} from '../../test/support/encoded-pushes.js'
import { refusal } from '../../test/support/refusal.js'
import { decodeAnswer, encodeAnswer, encryptAnswer } from './answer.js'
import type { PushSecrets } from './push.js'

const answers = encryptedVectors.filter((vector) => directionOf(vector) === 'answer')

describe('encryptAnswer', () => {
  it.each(answers)('$id: gives the published answer, member for member', (vector) => {
    const { plaintext, format, timestamp, nonce, random, encrypt, msgSignature } = vector
    const body = encryptAnswer(plaintext, format, vector, {
      timestamp: Number(timestamp),
      nonce,
      random: Buffer.from(random),
    })
    expect(body).toBe(
      format === 'json'
        ? `{"Encrypt":"${encrypt}","MsgSignature":"${msgSignature}","TimeStamp":${timestamp},"Nonce":"${nonce}"}`
        : `<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt><MsgSignature><![CDATA[${msgSignature}]]></MsgSignature>` +
            `<TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`,
    )
  })

  it('lets a nonce out of its place in neither format', () => {
    const plaintext = {
      json: '{"MsgType":"transfer_customer_service"}',
      xml: '<xml><MsgType>transfer_customer_service</MsgType></xml>',
    }
    for (const format of formats)
      for (const nonce of [']]></Nonce><Nonce>', '","Encrypt":"x', '<!-- ']) {
        const body = encryptAnswer(plaintext[format], format, secrets, { timestamp, nonce })
        expect(decodeAnswer(body, format, secrets).answer, format).toBe('transfer')
      }
  })
})

describe('encodeAnswer', () => {
  it('answers success in plain text, in every mode and format', () => {
    for (const { mode, format } of ways) {
      const push = decode(encode(text('人工'), mode, { format }), mode)
      expect(encodeAnswer('success', push, { ...secrets, mode }, now)).toEqual({
        contentType: 'text/plain',
        body: 'success',
      })
    }
  })

  // https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/trans
  it('transfers in JSON where the push was JSON, sender and receiver changed over', () => {
    const push = decode(encode(text('人工'), 'plain', { format: 'json' }), 'plain')
    expect(encodeAnswer('transfer', push, { ...secrets, mode: 'plain' }, 1399197672_999)).toEqual({
      contentType: 'application/json',
      body: '{"ToUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","FromUserName":"gh_97417a04a28d","CreateTime":1399197672,"MsgType":"transfer_customer_service"}',
    })
  })

  it('transfers in XML where the push was XML', () => {
    const push = decode(encode(text('人工'), 'plain', { format: 'xml' }), 'plain')
    expect(encodeAnswer('transfer', push, { ...secrets, mode: 'plain' }, 1399197672_999)).toEqual({
      contentType: 'application/xml',
      body:
        '<xml><ToUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]></ToUserName><FromUserName><![CDATA[gh_97417a04a28d]]></FromUserName>' +
        '<CreateTime>1399197672</CreateTime><MsgType><![CDATA[transfer_customer_service]]></MsgType></xml>',
    })
  })

  it('encrypts where the push was encrypted, under the push’s nonce', () => {
    const push = decode(encode(text('人工')))
    const { body } = encodeAnswer('transfer', push, secrets, now)
    const members = JSON.parse(body) as Record<string, unknown>
    expect(Object.keys(members)).toEqual(['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'])
    expect(members).toMatchObject({ TimeStamp: timestamp, Nonce: '415670741' })
    expect(body).not.toContain('transfer')
  })

  it('is read by decodeAnswer in every mode and format', () => {
    for (const { mode, format } of ways) {
      const push = decode(encode(text('人工'), mode, { format }), mode)
      for (const answer of ['success', 'transfer'] as const) {
        const { body } = encodeAnswer(answer, push, { ...secrets, mode }, now)
        const read = decodeAnswer(body, format, { ...secrets, mode })
        expect(read.answer).toBe(answer)
        expect(read.fields).toEqual(
          answer === 'success'
            ? {}
            : {
                ToUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
                FromUserName: 'gh_97417a04a28d',
                CreateTime: format === 'json' ? timestamp : String(timestamp),
                MsgType: 'transfer_customer_service',
              },
        )
      }
    }
  })
})

describe('decodeAnswer', () => {
  const read = (body: string, change: Partial<PushSecrets> = {}, format: 'json' | 'xml' = 'json'): string =>
    refusal(() => decodeAnswer(body, format, { ...secrets, ...change }))
  const transfer = '{"MsgType":"transfer_customer_service"}'
  const sealed = encryptAnswer(transfer, 'json', secrets, { timestamp, nonce: '1' })

  it('takes nothing at all for success', () => {
    for (const mode of modes) expect(decodeAnswer('', 'json', { ...secrets, mode }).answer).toBe('success')
  })

  it.each(answers)(
    '$id: verifies and decrypts it, and finds no answer that a Mini Program can give',
    (vector) => {
      const { plaintext, format, timestamp, nonce } = vector
      const body = encryptAnswer(plaintext, format, vector, { timestamp: Number(timestamp), nonce })
      expect(refusal(() => decodeAnswer(body, format, vector))).toBe('DecodeError format')
      expect(refusal(() => decodeAnswer(body, format, { ...vector, token: 'other' }))).toBe(
        'SignatureError mismatch',
      )
    },
  )

  it('refuses what WeChat does not understand', () => {
    for (const body of [
      'Success',
      'success\n',
      ' ',
      'ok',
      'null',
      '"success"',
      '<html>Error 500</html>',
      '{}',
      '{"MsgType":"text","Content":"x"}',
      '\uFEFFsuccess',
    ])
      for (const format of formats)
        expect(read(body, { mode: 'plain' }, format), body).toBe('DecodeError format')
  })

  it('refuses an answer in the other format', () => {
    expect(read(transfer, { mode: 'plain' }, 'xml')).toBe('DecodeError format')
    expect(read('<xml><MsgType>transfer_customer_service</MsgType></xml>', { mode: 'plain' }, 'json')).toBe(
      'DecodeError format',
    )
  })

  it('refuses plain text in secure mode alone', () => {
    expect(read(transfer)).toBe('DecodeError decrypt')
    expect(read(transfer, { mode: 'secure' })).toBe('DecodeError decrypt')
    expect(read(transfer, { mode: 'compatible' })).toBe('accepted')
    expect(read(transfer, { mode: 'plain' })).toBe('accepted')
  })

  it('refuses an encrypted one in plain mode, with or without a key', () => {
    expect(read(sealed, { mode: 'plain' })).toBe('DecodeError format')
    expect(refusal(() => decodeAnswer(sealed, 'json', { ...keyless, mode: 'plain' }))).toBe(
      'DecodeError format',
    )
  })

  it('refuses a wrong signature, another key and another appid', () => {
    const members = JSON.parse(sealed) as Record<string, unknown>
    for (const name of ['MsgSignature', 'TimeStamp', 'Nonce', 'Encrypt'])
      for (const value of [undefined, '', 7, 'x', null, {}])
        expect(read(JSON.stringify({ ...members, [name]: value }))).toMatch(
          name === 'Encrypt'
            ? /^SignatureError mismatch$|^DecodeError decrypt$/
            : /^SignatureError mismatch$/,
        )
    expect(read(sealed, { encodingAESKey: 'A'.repeat(43) })).toBe('DecodeError decrypt')
    expect(read(sealed, { appId: 'wx1' })).toBe('DecodeError app_id')
  })

  it('takes TimeStamp and Nonce as text or as numbers', () => {
    const members = JSON.parse(sealed) as Record<string, unknown>
    expect(read(JSON.stringify({ ...members, TimeStamp: String(timestamp), Nonce: 1 }))).toBe('accepted')
  })
})
