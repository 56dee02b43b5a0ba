import { decodeAESKey, encrypt } from './crypto.js'
import { writeIncoming, type Fields, type IncomingInput } from './incoming.js'
import { stringifyJson } from './json.js'
import { checkPushSecrets, type PushSecrets } from './push-secrets.js'
import { sign } from './signature.js'
import type { Format } from './wire.js'
import { buildXml } from './xml.js'

export interface EncodeOptions {
  /** `json` when not given. */
  readonly format?: Format
  /** Unix time in seconds. */
  readonly timestamp?: number
  readonly nonce?: string
  /** 16 bytes, for tests that compare with a published ciphertext. */
  readonly random?: Uint8Array
  /** How the fields are written where WeChat writes oddly; well-formed and close together when not given. */
  readonly manner?: Manner
}

/** Habits that WeChat has been seen to have when it writes a push. */
export interface Manner {
  /** JSON with line feeds and four blanks, and a line feed at its end. */
  readonly pretty?: boolean
  /** Control characters in what customers write as they are: no JSON and no XML allows that. */
  readonly rawControls?: boolean
  /** In XML, `]]>` in what customers write as it is: it ends its CDATA section. */
  readonly unsplitCdata?: boolean
}

/** A request that WeChat would send to our URL. */
export interface EncodedPush {
  readonly query: Record<string, string>
  readonly contentType: string
  readonly body: string
}

/** The inverse of decodePush, for tests and the emulator: signs, and encrypts where the mode wants it. */
export function encodePush(
  incoming: IncomingInput,
  secrets: PushSecrets,
  options: EncodeOptions = {},
): EncodedPush {
  return encodeFields(writeIncoming(incoming), secrets, options)
}

/** As encodePush, for fields in WeChat's names; `MsgId` may be a string of digits. */
export function encodeFields(fields: Fields, secrets: PushSecrets, options: EncodeOptions = {}): EncodedPush {
  const head = { openId: textOf(fields['FromUserName']), toUserName: textOf(fields['ToUserName']) }
  const write = writerOf(options)
  return encode(write(fields), head, secrets, options, (encrypted) => {
    const envelope = secrets.mode === 'compatible' ? fields : { ToUserName: fields['ToUserName'] }
    return (secrets.mode === 'compatible' ? write : writerOf({ format: options.format ?? 'json' }))({
      ...envelope,
      Encrypt: encrypted,
    })
  })
}

/**
 * As encodePush, for a plaintext that is there already, whatever it is: signed, and encrypted where the mode wants it.
 * `head` is what stands beside it: the query's openid, and the envelope's ToUserName.
 */
export function encodePlaintext(
  plaintext: string,
  head: { readonly openId: string; readonly toUserName: string },
  secrets: PushSecrets,
  options: EncodeOptions = {},
): EncodedPush {
  const write = writerOf({ format: options.format ?? 'json' })
  return encode(plaintext, head, secrets, options, (encrypted) =>
    write({ ToUserName: head.toUserName, Encrypt: encrypted }),
  )
}

function encode(
  plaintext: string,
  head: { readonly openId: string },
  secrets: PushSecrets,
  options: EncodeOptions,
  envelopeOf: (encrypted: string) => string,
): EncodedPush {
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000))
  const nonce = options.nonce ?? String(Math.floor(Math.random() * 2 ** 31))
  const signature = sign(secrets.token, timestamp, nonce)
  const query: Record<string, string> = { signature, timestamp, nonce, openid: head.openId }
  const contentType = options.format === 'xml' ? 'text/xml' : 'application/json'
  if (secrets.mode === 'plain') return { query, contentType, body: plaintext }

  checkPushSecrets(secrets)
  const key = decodeAESKey(secrets.encodingAESKey ?? '')
  const encrypted = encrypt(plaintext, key, secrets.appId, options.random)
  query['encrypt_type'] = 'aes'
  query['msg_signature'] = sign(secrets.token, timestamp, nonce, encrypted)
  return { query, contentType, body: envelopeOf(encrypted) }
}

function writerOf({ format, manner }: Pick<EncodeOptions, 'format' | 'manner'>): (fields: Fields) => string {
  return format === 'xml' ? (fields) => writeXml(fields, manner) : (fields) => stringifyJson(fields, manner)
}

function writeXml(fields: Fields, manner: Manner | undefined): string {
  const msgId = fields['MsgId']
  const isNumber = typeof msgId === 'string' && /^(0|[1-9]\d*)$/.test(msgId)
  return buildXml(isNumber ? { ...fields, MsgId: BigInt(msgId) } : fields, manner)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
