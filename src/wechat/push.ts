import { createHash } from 'node:crypto'
import { DecodeError, SignatureError } from '../errors.js'
import { decodeAESKey, decryptor, type Decrypted } from './crypto.js'
import type { Envelope } from './envelope.js'
import { readIncoming, undecidable, type Incoming } from './incoming.js'
import { limits } from './limits.js'
import { formatOf, readPlaintext, type Plaintext } from './plaintext.js'
import { PushBody, textOf } from './push-body.js'
import { checkToken, type PushSecrets } from './push-secrets.js'
import { verifySignature } from './signature.js'
import { unreadable, type Unreadable } from './unreadable.js'
import type { Format } from './wire.js'

export { encodeFields, encodePush, type EncodedPush, type EncodeOptions } from './push-encoding.js'
export { checkPushSecrets, type PushSecrets } from './push-secrets.js'
export type { Format, Mode } from './wire.js'

/** A push's query as Koa gives it. A parameter that stands twice is refused. */
export type PushQuery = Readonly<Record<string, string | string[] | undefined>>

/** One push, shown to come from WeChat. */
export interface Push {
  /** The same for each repeat of one push, different for any other: what to deduplicate by. */
  readonly id: string
  readonly appId: string
  /** The customer; empty for the rare event that concerns none, and for what can't be read. */
  readonly openId: string
  /** The sub-merchant (客服子商户) whose session it belongs to, where there is one. */
  readonly businessId?: string
  /** A message of type `other` without fields where the push can't be read. */
  readonly payload: Incoming
  /** The payload's bytes as text, decrypted. */
  readonly plaintext: string
  readonly format: Format
  readonly encrypted: boolean
  /** The query's nonce, which an encrypted answer repeats. */
  readonly nonce: string
  /** There when the push can't be read: it is kept as it came, and no handler is run for it. */
  readonly unreadable?: Unreadable
}

/** Reads the pushes of one Mini Program; `now` is in milliseconds. Throws as decodePush. */
export type PushDecoder = (body: string | Uint8Array | PushBody, query: PushQuery, now?: number) => Push

/**
 * The only way from bytes to a Push: verifies, decrypts, checks the appid and the age, parses. What is WeChat's and
 * can't be read is a Push too, with `unreadable`: to refuse it would lose it. `now` is in milliseconds.
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

/** The part of a verified push that is kept. */
export interface KeptPush extends Pick<Push, 'appId' | 'plaintext'> {
  /** The envelope's format, which the content's must be; the content's own when not given. */
  readonly format?: Format | undefined
  /** Why it could not be read when it came: it stays unreadable, also where a later version could read it. */
  readonly unreadable?: string | Pick<Unreadable, 'problem'> | undefined
}

/** A push that was verified and kept, read again from its plaintext. */
export function restorePush({ appId, plaintext, format, unreadable: kept }: KeptPush): Push {
  const problem = typeof kept === 'object' ? kept.problem : kept
  const common = {
    plaintext,
    appId,
    encrypted: false,
    nonce: '',
    format: format ?? formatOf(plaintext) ?? 'json',
  }
  return problem === undefined ? readPush(common, readPlaintext) : unreadablePush(common, problem)
}

/** decodePush for whoever reads many pushes of one Mini Program: what its key needs is prepared once. */
export function pushDecoder(secrets: PushSecrets): PushDecoder {
  const mode = secrets.mode ?? 'secure'
  const { appId } = secrets
  let decryptOne: ((encrypted: string) => Decrypted) | undefined

  function open(body: PushBody, envelope: Envelope, query: PushQuery, signed: Signed, now: number): Push {
    const signature = parameter(query, 'msg_signature')
    const { timestamp, nonce } = signed
    checkToken(secrets.token)
    const encrypted = envelope.encrypted.find((each) =>
      verifySignature(signature, secrets.token, timestamp, nonce, each),
    )
    if (encrypted === undefined) throw mismatch()
    checkAge(timestamp, secrets, now)
    if (!secrets.encodingAESKey) throw needsKey()
    decryptOne ??= decryptor(decodeAESKey(secrets.encodingAESKey))
    const { message, appId: theirs } = decryptOne(encrypted)
    if (theirs !== appId)
      throw new DecodeError(
        'app_id',
        'The push was encrypted for another appid: check which Mini Program has this URL.',
      )
    const { format } = envelope
    const common = { plaintext: textOf(message), appId, format, encrypted: true, nonce }
    return readPush(common, (text) => body.read(text))
  }

  return (given, query, now = Date.now()) => {
    const body = given instanceof PushBody ? given : new PushBody(given)
    const { text } = body
    const signed = { timestamp: parameter(query, 'timestamp'), nonce: parameter(query, 'nonce') }

    if (mode === 'plain' || (mode === 'compatible' && query['msg_signature'] === undefined)) {
      verifyQuery(query, secrets, now)
      const common = { plaintext: text, appId, encrypted: false, nonce: signed.nonce }
      const { envelope, format } = plainOrEnvelope(body)
      return envelope
        ? open(body, envelope, query, signed, now)
        : readPush({ ...common, format }, () => body.plaintext)
    }
    return open(body, body.envelope, query, signed, now)
  }
}

/** Whether a body in plain text holds an envelope after all, and no fields beside it. */
function plainOrEnvelope(body: PushBody): { envelope?: Envelope; format: Format } {
  try {
    const { fields, format } = body.plaintext
    const encrypted = fields['MsgType'] === undefined ? fields['Encrypt'] : undefined
    return typeof encrypted === 'string'
      ? { envelope: { format, encrypted: [encrypted] }, format }
      : { format }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { format: formatOf(body.text) ?? 'json' }
  }
}

interface Signed {
  readonly timestamp: string
  readonly nonce: string
}

/** Checks WeChat's GET that asks whether the URL is ours, and gives the echostr to answer with. Throws as decodePush. */
export function verifyUrl(query: PushQuery, secrets: PushSecrets, now: number = Date.now()): string {
  verifyQuery(query, secrets, now)
  const echostr = parameter(query, 'echostr')
  if (Buffer.byteLength(echostr) > limits.echostrBytes)
    throw new DecodeError('format', 'The echostr is too long.')
  return echostr
}

/**
 * Checks the `signature` of a query, which WeChat sends in every mode, and that its timestamp is fresh. It says
 * nothing of the body: in secure mode it is a filter and no proof. Throws SignatureError.
 */
export function verifyQuery(query: PushQuery, secrets: PushSecrets, now: number): void {
  const timestamp = parameter(query, 'timestamp')
  checkToken(secrets.token)
  const nonce = parameter(query, 'nonce')
  if (!verifySignature(parameter(query, 'signature'), secrets.token, timestamp, nonce)) throw mismatch()
  checkAge(timestamp, secrets, now)
}

type Common = Omit<Push, 'id' | 'openId' | 'payload' | 'unreadable'>

/** Reads what is shown to be WeChat's; what can't be read is a push that says so. */
function readPush(common: Common, read: (text: string) => Plaintext): Push {
  try {
    const { format, fields } = read(common.plaintext)
    if (format !== common.format)
      throw new DecodeError('format', 'The push’s envelope and its content differ in format.')
    const many = undecidable(fields)
    if (many !== undefined)
      throw new DecodeError('format', `The push’s ${many} is no text: a list, or a structure.`)
    const payload = readIncoming(fields)
    const { appId, plaintext, encrypted, nonce } = common
    const { businessId, fromUserName: openId } = payload
    const id = idOf(appId, payload, plaintext)
    const push: Push = { plaintext, appId, format, encrypted, nonce, id, openId, payload }
    return businessId === undefined ? push : { ...push, businessId }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return unreadablePush(common, error.message)
  }
}

/** A push that could be read, as one that can't: for whoever finds that nothing can be done with what it says. */
export function asUnreadable(push: Push, problem: string): Push {
  const { appId, plaintext, format, encrypted, nonce } = push
  return unreadablePush({ appId, plaintext, format, encrypted, nonce }, problem)
}

function unreadablePush(common: Common, problem: string): Push {
  const certain = unreadable(common.plaintext, problem)
  const { createTime } = certain
  return {
    ...common,
    id: `${escape(common.appId)}:unreadable:${hashOf(common.plaintext)}`,
    openId: '',
    payload: {
      msgType: 'other',
      type: 'unreadable',
      msgId: '',
      toUserName: '',
      fromUserName: '',
      createTime,
      fields: {},
    },
    unreadable: certain,
  }
}

/** Messages by their MsgId; what has none by its kind and the hash of its text: two events can share a second. */
function idOf(appId: string, payload: Incoming, plaintext: string): string {
  const head = `${escape(appId)}:${short(payload.fromUserName)}:${payload.createTime}`
  if (payload.msgType !== 'event' && !noId.test(payload.msgId)) return `${head}:${short(payload.msgId)}`
  return `${head}:${short(kindOf(payload))}:${hashOf(plaintext)}`
}

/** Values that may stand for "none": two messages of one second may both have them. */
const noId = /^\s*(?:0*|-.*|true|false)\s*$/

/** An id is the key of an index, and stands in logs: what no id and no name of WeChat's is as long as, is hashed. */
function short(part: string): string {
  return part.length <= MOST_PART ? escape(part) : `:${hashOf(part)}`
}

const MOST_PART = 128

function hashOf(plaintext: string): string {
  return createHash('sha256').update(plaintext).digest('base64url').slice(0, 22)
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

function mismatch(): SignatureError {
  return new SignatureError(
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
  const value = query[name]
  if (typeof value !== 'string' || value === '')
    throw new SignatureError('missing', `The query has no single ${name}, which WeChat always sends here.`)
  return value
}

function needsKey(): DecodeError {
  return new DecodeError(
    'key',
    'The push is encrypted and there is no EncodingAESKey here: copy it from mp.weixin.qq.com (开发管理 › 消息推送).',
  )
}
