import { SignatureError } from '../errors.js'
import { formatOf } from './plaintext.js'
import type { Format } from './wire.js'

/** A push's envelope, of which nothing is believed before `msg_signature` is checked. */
export interface Envelope {
  readonly format: Format
  /** Texts that may be the ciphertext: the one that `msg_signature` is made of is. */
  readonly encrypted: readonly string[]
}

/**
 * Finds the ciphertext in a push's body without parsing it: one pass for `Encrypt` alone, because anybody may have
 * sent it. Where several stand, the first and the last: a customer's text may hold one too, but not on both sides of
 * WeChat's. Throws SignatureError.
 */
export function readEnvelope(text: string): Envelope {
  const [, json, xml] = usualEnvelope.exec(text) ?? []
  if (json !== undefined) return { format: 'json', encrypted: [json] }
  if (xml !== undefined) return { format: 'xml', encrypted: [xml] }
  const format = text.startsWith('\uFEFF') ? undefined : formatOf(text)
  if (format === undefined)
    throw new SignatureError(
      'mismatch',
      'The push’s signature can’t be checked: its body starts neither like JSON nor like XML.',
    )
  const encrypted = format === 'json' ? inJson(text) : inXml(text)
  if (encrypted.length > 0) return { format, encrypted }
  if (text.includes('MsgType'))
    throw new SignatureError(
      'plaintext',
      'The push is in plain text and secure mode is configured here. Choose 安全模式 at mp.weixin.qq.com (开发管理 › 消息推送), ' +
        'or configure the mode that is chosen there (WECHAT_MODE).',
    )
  const why = text.includes('<!DOCTYPE') ? 'it has a DOCTYPE and' : 'its body'
  throw new SignatureError('mismatch', `The push’s signature can’t be checked: ${why} holds no Encrypt.`)
}

/** The envelopes as WeChat writes them; any other takes the long way. */
const usualEnvelope =
  /^(?:\{\s*"ToUserName"\s*:\s*"[\w-]*"\s*,\s*"Encrypt"\s*:\s*"([A-Za-z0-9+/=]+)"\s*\}|<xml>\s*<ToUserName><!\[CDATA\[[\w-]*\]\]><\/ToUserName>\s*<Encrypt><!\[CDATA\[([A-Za-z0-9+/=]+)\]\]><\/Encrypt>\s*<\/xml>)\s*$/

function inJson(text: string): string[] {
  // In a text each quote has a backslash before it, so this is a name.
  return firstAndLast(text, /"Encrypt"\s*:\s*"([\w+/=\\]+)"/g).map((found) =>
    found.replace(/\\(?:\/|u(00[0-9a-f]{2}))/gi, (_, code?: string) =>
      code === undefined ? '/' : String.fromCharCode(Number.parseInt(code, 16)),
    ),
  )
}

function inXml(text: string): string[] {
  return firstAndLast(
    text,
    /<Encrypt>\s*(?:<!\[CDATA\[\s*([A-Za-z0-9+/=]+)\s*\]\]>|([A-Za-z0-9+/=]+))\s*<\/Encrypt>/g,
  )
}

function firstAndLast(text: string, pattern: RegExp): string[] {
  let first: string | undefined
  let last: string | undefined
  for (const [, one, other] of text.matchAll(pattern)) {
    last = one ?? other ?? ''
    first ??= last
  }
  return [...new Set([first, last])].filter((each) => each !== undefined)
}
