import { describe, expect, it } from 'vitest'
import { directionOf, encryptedVectors, signatureVectors } from '../../test/fixtures/vectors.js'
import { secrets, typed } from '../../test/support/encoded-pushes.js'
import { decodePush, encodeFields, verifyUrl } from './push.js'
import { sign } from './signature.js'

describe('the published vectors', () => {
  it('are all of a kind that is tested here', () => {
    expect(
      signatureVectors.every((vector) => (vector.echostr === undefined) !== (vector.plaintext === undefined)),
    ).toBe(true)
    expect(new Set(encryptedVectors.map(directionOf))).toEqual(new Set(['push', 'answer']))
  })

  it.each(signatureVectors.filter((vector) => vector.echostr !== undefined))(
    '$id: the URL is verified',
    (vector) => {
      const { token, signature, timestamp, nonce, echostr } = vector
      const at = Number(timestamp) * 1000
      expect(verifyUrl({ signature, timestamp, nonce, echostr }, { ...secrets, token }, at)).toBe(echostr)
    },
  )

  it.each(signatureVectors.filter((vector) => vector.plaintext !== undefined))(
    '$id: the push is read',
    (vector) => {
      const { token, signature, timestamp, nonce, plaintext = '' } = vector
      const query = { signature, timestamp, nonce }
      const push = decodePush(
        plaintext,
        query,
        { appId: 'wx1', token, mode: 'plain' },
        Number(timestamp) * 1000,
      )
      expect(push).toMatchObject({ appId: 'wx1', plaintext, encrypted: false, nonce })
      expect(push.payload.fields).toEqual(JSON.parse(plaintext))
    },
  )

  const pushes = encryptedVectors.filter((vector) => directionOf(vector) === 'push')

  /** The push as it stood in the source: the envelope, and in compatible mode the same fields in plain text. */
  function bodyOf(vector: (typeof pushes)[number]): string {
    const plain = /<ToUserName>.*?<\/ToUserName>/s.exec(vector.plaintext)?.[0] ?? ''
    if (vector.format === 'json')
      return JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt: vector.encrypt })
    const inner = vector.id.includes('compat')
      ? vector.plaintext.slice('<xml>'.length, -'</xml>'.length)
      : plain
    return `<xml>\n    ${inner}\n    <Encrypt><![CDATA[${vector.encrypt}]]></Encrypt>\n</xml>`
  }

  it.each(pushes)('$id: the whole push is read, in secure and in compatible mode', (vector) => {
    const { token, encodingAESKey, appId, timestamp, nonce } = vector
    const query = {
      signature: sign(token, timestamp, nonce),
      timestamp,
      nonce,
      openid: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
      encrypt_type: 'aes',
      msg_signature: vector.msgSignature,
    }
    for (const mode of ['secure', 'compatible'] as const) {
      const body = bodyOf(vector)
      const push = decodePush(
        body,
        query,
        { appId, token, encodingAESKey, mode },
        (Number(timestamp) + 3) * 1000,
      )
      expect(push).toMatchObject({
        appId,
        plaintext: vector.plaintext,
        format: vector.format,
        encrypted: true,
        nonce,
      })
      expect(push.openId).toMatch(/^o/)
    }
  })

  it('read to what stood in them', () => {
    const read = pushes.map((vector) => {
      const { msgSignature: msg_signature, timestamp, nonce } = vector
      return decodePush(bodyOf(vector), { msg_signature, timestamp, nonce }, { ...vector, maxAgeSeconds: 0 })
    })
    expect(read.map((push) => [push.openId, typed(push)])).toEqual([
      [
        'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
        {
          toUserName: 'gh_97417a04a28d',
          fromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
          createTime: 1714112445,
          msgType: 'event',
          event: 'other',
          type: 'debug_demo',
          list: [],
        },
      ],
      [
        'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
        {
          toUserName: 'gh_97417a04a28d',
          fromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
          createTime: 1715943329,
          msgType: 'event',
          event: 'other',
          type: 'debug_demo',
          list: [],
        },
      ],
      [
        'oyORnuP8q7ou2gfYjqLzSIWZf0rs',
        {
          toUserName: 'gh_10f6c3c3ac5a',
          fromUserName: 'oyORnuP8q7ou2gfYjqLzSIWZf0rs',
          createTime: 1409735668,
          msgType: 'text',
          content: 'abcdteT',
          msgId: '6054768590064713728',
        },
      ],
    ])
  })

  it('are what encodeFields makes of the same fields', () => {
    const vector = pushes.find(({ id }) => id === 'mp-secure-json-in')!
    const { timestamp, nonce, random } = vector
    const fields = JSON.parse(vector.plaintext) as Record<string, unknown>
    const encoded = encodeFields(fields, vector, {
      timestamp: Number(timestamp),
      nonce,
      random: Buffer.from(random),
    })
    expect(encoded).toEqual({
      contentType: 'application/json',
      body: bodyOf(vector),
      query: {
        signature: vector.signature,
        timestamp,
        nonce,
        openid: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
        encrypt_type: 'aes',
        msg_signature: vector.msgSignature,
      },
    })
  })
})
