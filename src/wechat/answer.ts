import { DecodeError, SignatureError } from '../errors.js'
import { decodeAESKey, decrypt, encrypt } from './crypto.js'
import type { Fields } from './incoming.js'
import { parseJson } from './json.js'
import type { Format, Push, PushSecrets } from './push.js'
import { sign, verifySignature } from './signature.js'
import type { Answer } from './wire.js'
import { buildXml, cdata, parseXml } from './xml.js'

export type { Answer } from './wire.js'

export interface EncodedAnswer {
  readonly contentType: string
  readonly body: string
}

/** What WeChat shows a customer whose message or entering nothing answered. */
export const failureLine = '该小程序提供的服务出现故障，请稍后再试'

/** `success` needs no encryption in any mode. */
export const success: EncodedAnswer = { contentType: 'text/plain', body: 'success' }

/**
 * Writes an answer in the push's own format, encrypted where the push was.
 * Source: https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/trans
 */
export function encodeAnswer(
  answer: Answer,
  push: Push,
  secrets: PushSecrets,
  now: number = Date.now(),
): EncodedAnswer {
  if (answer === 'success') return success
  const createTime = Math.floor(now / 1000)
  const fields = {
    ToUserName: push.openId,
    FromUserName: push.payload.toUserName,
    CreateTime: createTime,
    MsgType: 'transfer_customer_service',
  }
  const contentType = push.format === 'json' ? 'application/json' : 'application/xml'
  const plaintext = push.format === 'json' ? JSON.stringify(fields) : buildXml(fields)
  if (!push.encrypted) return { contentType, body: plaintext }
  return {
    contentType,
    body: encryptAnswer(plaintext, push.format, secrets, { timestamp: createTime, nonce: push.nonce }),
  }
}

/** An encrypted passive answer around any plaintext; `timestamp` in seconds, `random` only for tests. */
export function encryptAnswer(
  plaintext: string,
  format: Format,
  secrets: PushSecrets,
  options: { timestamp: number; nonce: string; random?: Uint8Array },
): string {
  const { timestamp, nonce, random } = options
  const encrypted = encrypt(plaintext, decodeAESKey(secrets.encodingAESKey ?? ''), secrets.appId, random)
  const signature = sign(secrets.token, String(timestamp), nonce, encrypted)
  if (format === 'json')
    return JSON.stringify({ Encrypt: encrypted, MsgSignature: signature, TimeStamp: timestamp, Nonce: nonce })
  return (
    `<xml><Encrypt>${cdata(encrypted)}</Encrypt><MsgSignature>${cdata(signature)}</MsgSignature>` +
    `<TimeStamp>${timestamp}</TimeStamp><Nonce>${cdata(nonce)}</Nonce></xml>`
  )
}

/**
 * Reads an answer as WeChat does. `plaintext` is what was inside the encryption, or the body itself.
 * Throws DecodeError or SignatureError when WeChat would show the customer its failure line.
 */
export function decodeAnswer(
  body: string,
  format: Format,
  secrets: PushSecrets,
): { answer: Answer; plaintext: string; fields: Fields } {
  if (body === '' || body === 'success') return { answer: 'success', plaintext: body, fields: {} }
  const read = format === 'json' ? parseJson : parseXml
  let plaintext = body
  let fields: Fields = read(body)
  if (typeof fields['Encrypt'] === 'string' && secrets.mode !== 'plain') {
    plaintext = openAnswer(fields, secrets)
    fields = read(plaintext)
  } else if (secrets.mode !== 'plain' && secrets.mode !== 'compatible')
    throw new DecodeError(
      'decrypt',
      'The answer is in plain text, and in secure mode WeChat reads only an encrypted one.',
    )
  if (fields['MsgType'] !== 'transfer_customer_service')
    throw new DecodeError(
      'format',
      'The answer is neither empty, nor success, nor transfer_customer_service: a Mini Program replies through the API.',
    )
  return { answer: 'transfer', plaintext, fields }
}

function openAnswer(fields: Fields, secrets: PushSecrets): string {
  const [encrypted, signature, timestamp, nonce] = ['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'].map(
    (name) => {
      const value = fields[name]
      return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : ''
    },
  ) as [string, string, string, string]
  if (!verifySignature(signature, secrets.token, timestamp, nonce, encrypted))
    throw new SignatureError('mismatch', 'The answer’s MsgSignature is wrong.')
  const { message, appId } = decrypt(encrypted, decodeAESKey(secrets.encodingAESKey ?? ''))
  if (appId !== secrets.appId) throw new DecodeError('app_id', 'The answer was encrypted for another appid.')
  return message.toString('utf8')
}
