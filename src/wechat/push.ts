import { createHash } from 'node:crypto'
import { ConfigError, DecodeError, SignatureError } from '../errors.js'
import { decodeAESKey, decryptor, encrypt, type Decrypted } from './crypto.js'
import { readIncoming, writeIncoming, type Fields, type Incoming, type IncomingInput } from './incoming.js'
import { parseJson, stringifyJson } from './json.js'
import { limits } from './limits.js'
import { sign, verifySignature } from './signature.js'
import type { Format, Mode } from './wire.js'
import { buildXml, parseXml } from './xml.js'

export type { Format, Mode } from './wire.js'

/** What a Mini Program and WeChat share about pushes (开发管理 › 消息推送). */
export interface PushSecrets {
  readonly appId: string
  readonly token: string
  /** 43 characters; needed unless `mode` is `plain`. */
  readonly encodingAESKey?: string | undefined
  /** `secure` when not given: a push in plain text is refused. */
  readonly mode?: Mode | undefined
  /** How many seconds a push's timestamp may differ from our clock; 600 when not given, 0 checks nothing. */
  readonly maxAgeSeconds?: number | undefined
}

/** A push's query as Koa gives it. A parameter that stands twice is refused. */
export type PushQuery = Readonly<Record<string, string | string[] | undefined>>

/** One push, shown to come from WeChat and read. */
export interface Push {
  /** The same for each repeat of one push, different for any other: what to deduplicate by. */
  readonly id: string
  readonly appId: string
  /** The customer; empty for the rare event that concerns none. */
  readonly openId: string
  readonly payload: Incoming
  /** The payload's bytes as text, decrypted. */
  readonly plaintext: string
  readonly format: Format
  readonly encrypted: boolean
  /** The query's nonce, which an encrypted answer repeats. */
  readonly nonce: string
}

/** Throws ConfigError when secrets can't work together, so that it is known before the first push. */
export function checkPushSecrets(secrets: PushSecrets): void {
  if (!secrets.appId)
    throw new ConfigError('appId is empty: it is the Mini Program’s AppID, wx and 16 digits.')
  checkToken(secrets.token)
  if (!modes.has(secrets.mode ?? 'secure'))
    throw new ConfigError(
      `mode is ${JSON.stringify(secrets.mode)}: it must be "secure", "compatible" or "plain".`,
    )
  if (secrets.maxAgeSeconds !== undefined && !(secrets.maxAgeSeconds >= 0))
    throw new ConfigError(
      `maxAgeSeconds is ${secrets.maxAgeSeconds}: it must be a number of seconds, 0 to check nothing.`,
    )
  if (secrets.encodingAESKey) decodeAESKey(secrets.encodingAESKey)
  else if (secrets.mode !== 'plain')
    throw new ConfigError(
      `encodingAESKey is missing and mode is ${secrets.mode ?? 'secure'}: give the 43 characters shown at ` +
        'mp.weixin.qq.com (开发管理 › 消息推送), or mode: "plain" if 明文模式 is chosen there.',
    )
}

/** Without a token, or with process.env's undefined for one, anyone could sign. */
function checkToken(token: string): void {
  if (!token)
    throw new ConfigError(
      'token is empty: it is the Token (令牌) typed in at mp.weixin.qq.com, 3 to 32 letters and digits.',
    )
}

const modes: ReadonlySet<string> = new Set<Mode>(['plain', 'compatible', 'secure'])

/** Reads the pushes of one Mini Program; `now` is in milliseconds. Throws as decodePush. */
export type PushDecoder = (body: string | Uint8Array, query: PushQuery, now?: number) => Push

/**
 * The only way from bytes to a Push: verifies, decrypts, checks the appid and the age, parses.
 * `now` is in milliseconds.
 * Throws SignatureError (answer 403) or DecodeError (answer 400, or 413 where `code` is `too_large`).
 * Source: https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push
 */
export function decodePush(
  body: string | Uint8Array,
  query: PushQuery,
  secrets: PushSecrets,
  now: number = Date.now(),
): Push {
  return pushDecoder(secrets)(body, query, now)
}

/** A push that was verified and kept, read again from its plaintext. Throws DecodeError when it is no push. */
export function restorePush(kept: Pick<Push, 'appId' | 'plaintext'>): Push {
  const { format, fields } = parse(kept.plaintext)
  return makePush(kept.plaintext, fields, format, false, kept.appId, '')
}

/** decodePush for whoever reads many pushes of one Mini Program: what its key needs is prepared once. */
export function pushDecoder(secrets: PushSecrets): PushDecoder {
  const mode = secrets.mode ?? 'secure'
  let decryptOne: ((encrypted: string) => Decrypted) | undefined

  function openEnvelope(
    encrypted: string,
    format: Format,
    query: PushQuery,
    signed: Signed,
    now: number,
  ): Push {
    verify(parameter(query, 'msg_signature'), secrets.token, signed.timestamp, signed.nonce, encrypted)
    checkAge(signed.timestamp, secrets, now)
    if (!secrets.encodingAESKey) throw needsKey()
    decryptOne ??= decryptor(decodeAESKey(secrets.encodingAESKey))
    const { message, appId } = decryptOne(encrypted)
    if (appId !== secrets.appId)
      throw new DecodeError(
        'app_id',
        'The push was encrypted for another appid: check which Mini Program has this URL.',
      )
    const text = textOf(message)
    const inner = parse(text)
    if (inner.format !== format)
      throw new DecodeError('format', 'The push’s envelope and its content differ in format.')
    return makePush(text, inner.fields, format, true, secrets.appId, signed.nonce)
  }

  return (body, query, now = Date.now()) => {
    if (Buffer.byteLength(body) > limits.pushBytes) throw tooLarge()
    const text = typeof body === 'string' ? body : textOf(body)
    const signed = { timestamp: parameter(query, 'timestamp'), nonce: parameter(query, 'nonce') }

    if (mode === 'plain' || (mode === 'compatible' && query['msg_signature'] === undefined)) {
      verify(parameter(query, 'signature'), secrets.token, signed.timestamp, signed.nonce)
      checkAge(signed.timestamp, secrets, now)
      const { format, fields } = parse(text)
      if (fields['MsgType'] === undefined && typeof fields['Encrypt'] === 'string')
        return openEnvelope(fields['Encrypt'], format, query, signed, now)
      return makePush(text, fields, format, false, secrets.appId, signed.nonce)
    }
    const { encrypted, format } = parseEnvelope(text)
    return openEnvelope(encrypted, format, query, signed, now)
  }
}

interface Signed {
  readonly timestamp: string
  readonly nonce: string
}

/** Checks WeChat's GET that asks whether the URL is ours, and gives the echostr to answer with. Throws as decodePush. */
export function verifyUrl(query: PushQuery, secrets: PushSecrets, now: number = Date.now()): string {
  const timestamp = parameter(query, 'timestamp')
  verify(parameter(query, 'signature'), secrets.token, timestamp, parameter(query, 'nonce'))
  checkAge(timestamp, secrets, now)
  const echostr = parameter(query, 'echostr')
  if (Buffer.byteLength(echostr) > limits.echostrBytes)
    throw new DecodeError('format', 'The echostr is too long.')
  return echostr
}

export interface EncodeOptions {
  /** `json` when not given. */
  readonly format?: Format
  /** Unix time in seconds. */
  readonly timestamp?: number
  readonly nonce?: string
  /** 16 bytes, for tests that compare with a published ciphertext. */
  readonly random?: Uint8Array
}

/** What WeChat would send to our URL. */
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
  const { format = 'json', random } = options
  const mode = secrets.mode ?? 'secure'
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000))
  const nonce = options.nonce ?? String(Math.floor(Math.random() * 2 ** 31))
  const openId = typeof fields['FromUserName'] === 'string' ? fields['FromUserName'] : ''
  const query: Record<string, string> = {
    signature: sign(secrets.token, timestamp, nonce),
    timestamp,
    nonce,
    openid: openId,
  }
  const write = format === 'json' ? stringifyJson : writeXml
  const contentType = format === 'json' ? 'application/json' : 'text/xml'
  if (mode === 'plain') return { query, contentType, body: write(fields) }

  checkPushSecrets(secrets)
  const encrypted = encrypt(write(fields), decodeAESKey(secrets.encodingAESKey ?? ''), secrets.appId, random)
  query['encrypt_type'] = 'aes'
  query['msg_signature'] = sign(secrets.token, timestamp, nonce, encrypted)
  const envelope = mode === 'compatible' ? fields : { ToUserName: fields['ToUserName'] }
  return { query, contentType, body: write({ ...envelope, Encrypt: encrypted }) }
}

function writeXml(fields: Fields): string {
  const msgId = fields['MsgId']
  const isNumber = typeof msgId === 'string' && /^(0|[1-9]\d*)$/.test(msgId)
  return buildXml(isNumber ? { ...fields, MsgId: BigInt(msgId) } : fields)
}

/** UTF-8; a byte that is none costs a character, not the message. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function parse(text: string): { format: Format; fields: Fields } {
  switch (/^[ \t\r\n]*(.)/.exec(text)?.[1]) {
    case '<':
      return { format: 'xml', fields: parseXml(text.trimStart()) }
    case '{':
      return { format: 'json', fields: parseJson(text) }
    default:
      throw new DecodeError('format', 'The push starts neither like JSON nor like XML.')
  }
}

// Until msg_signature is checked nobody has shown to be WeChat, so what can't be read here is not signed.
function parseEnvelope(text: string): { format: Format; encrypted: string } {
  const [, json, xml] = usualEnvelope.exec(text) ?? []
  if (json !== undefined) return { format: 'json', encrypted: json }
  if (xml !== undefined) return { format: 'xml', encrypted: xml }
  let envelope: { format: Format; fields: Fields }
  try {
    envelope = parse(text)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new SignatureError('mismatch', `The push’s signature can’t be checked: ${error.message}`)
  }
  const encrypted = envelope.fields['Encrypt']
  if (typeof encrypted === 'string') return { format: envelope.format, encrypted }
  throw new SignatureError(
    'plaintext',
    'The push is in plain text and secure mode is configured here. Choose 安全模式 at mp.weixin.qq.com (开发管理 › 消息推送), ' +
      'or configure the mode that is chosen there (WECHAT_MODE).',
  )
}

/** The envelopes as WeChat writes them, which need no parser; any other takes the long way. */
const usualEnvelope =
  /^(?:\{\s*"ToUserName"\s*:\s*"[\w-]*"\s*,\s*"Encrypt"\s*:\s*"([A-Za-z0-9+/=]+)"\s*\}|<xml>\s*<ToUserName><!\[CDATA\[[\w-]*\]\]><\/ToUserName>\s*<Encrypt><!\[CDATA\[([A-Za-z0-9+/=]+)\]\]><\/Encrypt>\s*<\/xml>)\s*$/

function makePush(
  plaintext: string,
  fields: Fields,
  format: Format,
  encrypted: boolean,
  appId: string,
  nonce: string,
): Push {
  const payload = readIncoming(fields)
  const openId = payload.fromUserName
  return { id: idOf(appId, payload, plaintext), appId, openId, payload, plaintext, format, encrypted, nonce }
}

/** Messages by their MsgId; what has none by its kind and the hash of its text: two events can share a second. */
function idOf(appId: string, payload: Incoming, plaintext: string): string {
  const head = `${escape(appId)}:${escape(payload.fromUserName)}:${payload.createTime}`
  if (payload.msgType !== 'event' && payload.msgId !== '') return `${head}:${escape(payload.msgId)}`
  const hash = createHash('sha256').update(plaintext).digest('base64url').slice(0, 22)
  return `${head}:${escape(kindOf(payload))}:${hash}`
}

// encodeURIComponent throws on half a surrogate pair, which JSON can hold.
function escape(part: string): string {
  if (/^[\w-]*$/.test(part)) return part
  return part.replace(/[^\w-]/gu, (char) => `%${char.codePointAt(0)?.toString(16) ?? ''};`)
}

function kindOf(payload: Incoming): string {
  if (payload.msgType === 'event') return payload.event === 'other' ? payload.type : payload.event
  return payload.msgType === 'other' ? payload.type : payload.msgType
}

function verify(given: string, token: string, ...parts: string[]): void {
  checkToken(token)
  if (!verifySignature(given, token, ...parts))
    throw new SignatureError(
      'mismatch',
      'The signature is not ours: the Token here and the one at mp.weixin.qq.com (开发管理 › 消息推送) differ, or the request is not WeChat’s.',
    )
}

function checkAge(timestamp: string, secrets: PushSecrets, now: number): void {
  const maxAge = secrets.maxAgeSeconds ?? limits.pushMaxAgeSeconds
  if (maxAge === 0) return
  const age = now / 1000 - Number(timestamp)
  if (Number.isNaN(age)) throw new SignatureError('stale', 'The push’s timestamp is not a number.')
  if (!(Math.abs(age) <= maxAge))
    throw new SignatureError(
      'stale',
      `The push’s timestamp is ${Math.round(Math.abs(age))} s ${age > 0 ? 'old' : 'ahead of our clock'}, more than the ${maxAge} s allowed: ` +
        'it is a replay, or this machine’s clock is wrong (WECHAT_PUSH_MAX_AGE).',
    )
}

function parameter(query: PushQuery, name: string): string {
  const value = parameterOrNone(query, name)
  if (value === undefined)
    throw new SignatureError('missing', `The query has no single ${name}, which WeChat always sends here.`)
  return value
}

function parameterOrNone(query: PushQuery, name: string): string | undefined {
  const value = query[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function needsKey(): DecodeError {
  return new DecodeError(
    'key',
    'The push is encrypted and there is no EncodingAESKey here: copy it from mp.weixin.qq.com (开发管理 › 消息推送).',
  )
}

/** The refusal of a body beyond limits.pushBytes. */
function tooLarge(): DecodeError {
  return new DecodeError('too_large', `The body is larger than ${limits.pushBytes} bytes, which no push is.`)
}
