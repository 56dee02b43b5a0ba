import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import type { PushSecrets } from '../src/wechat/index.js'
import type { Received, ReceiverAnswer } from './push-receiver.js'

/** Seconds that a push's timestamp may be old. */
const MAX_AGE_SECONDS = 600

/**
 * A receiver as somebody might write it from WeChat's page, with nothing of kefu's in it. `handled` gets the plaintext of
 * each message once.
 */
export function handwrittenReceiver(
  { appId, token, encodingAESKey = '', mode }: PushSecrets,
  handled: string[] = [],
): (request: Received) => ReceiverAnswer {
  const seen = new Set<string>()
  const key = Buffer.from(`${encodingAESKey}=`, 'base64')

  function plaintextOf(body: string, query: Record<string, string>): string | undefined {
    const { timestamp = '', nonce = '', msg_signature: given = '' } = query
    const encrypted = /[A-Za-z0-9+/]{60,}={0,2}/.exec(body)?.[0] ?? ''
    if (!isEqual(given, sha1(token, timestamp, nonce, encrypted))) return undefined
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()])
    const plain = padded.subarray(0, padded.length - (padded.at(-1) ?? 0))
    const end = 20 + plain.readUInt32BE(16)
    return plain.toString('utf8', end) === appId ? plain.toString('utf8', 20, end) : undefined
  }

  return ({ method, query, body }) => {
    const { timestamp = '', nonce = '', signature = '', echostr = '' } = query
    const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) <= MAX_AGE_SECONDS
    if (!isFresh || !isEqual(signature, sha1(token, timestamp, nonce))) return { status: 403, body: 'no' }
    if (method === 'GET') return echostr
    const plaintext = mode === 'plain' ? body : plaintextOf(body, query)
    if (plaintext === undefined) return { status: 403, body: 'no' }
    const msgId = /MsgId\D+(\d+)/.exec(plaintext)?.[1] ?? plaintext
    if (!seen.has(msgId)) handled.push(plaintext)
    seen.add(msgId)
    return 'success'
  }
}

function sha1(...parts: string[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

function isEqual(given: string, right: string): boolean {
  return given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right))
}
