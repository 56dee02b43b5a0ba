import { DecodeError } from '../errors.js'
import { pushFieldsOf, type IncomingFieldsOf, type IncomingType } from './messages/index.js'

/** A push's fields as they came, in WeChat's names. Integers of 16 digits and more are strings. */
export type Fields = Readonly<Record<string, unknown>>

interface Common {
  /** The Mini Program's original id, `gh_…`. */
  readonly toUserName: string
  /** The customer's OpenID; empty for the rare event that concerns no customer. */
  readonly fromUserName: string
  /** Unix time in seconds; 0 where WeChat gave none. */
  readonly createTime: number
  /** The sub-merchant (客服子商户), where there is one. */
  readonly businessId?: string
  /** Everything that came, also what the typed fields leave out. */
  readonly fields: Fields
}

interface MessageCommon extends Common {
  /** A 64-bit number in decimal digits, never a JavaScript number; empty where WeChat gave none. */
  readonly msgId: string
}

// The messages and events a Mini Program receives:
// https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive

/** A customer's message of one type. */
export type IncomingOf<T extends IncomingType> = T extends IncomingType
  ? MessageCommon & { readonly msgType: T } & IncomingFieldsOf<T>
  : never
export type TextMessage = IncomingOf<'text'>
export type ImageMessage = IncomingOf<'image'>
export type MiniProgramPageMessage = IncomingOf<'miniprogrampage'>

/** A message of a type that is not documented for Mini Programs; `type` is WeChat's word, `fields` hold the rest. */
export interface OtherMessage extends MessageCommon {
  readonly msgType: 'other'
  readonly type: string
}

export interface EnterEvent extends Common {
  readonly msgType: 'event'
  readonly event: 'user_enter_tempsession'
  /** The contact button's `session-from`; `wxapp` or `weapp` when the customer came another way. */
  readonly sessionFrom: string
}

/** Any other event of the same URL; `type` is WeChat's word, `fields` hold the rest. */
export interface OtherEvent extends Common {
  readonly msgType: 'event'
  readonly event: 'other'
  readonly type: string
  /** The subscribe events' `List`, which JSON gives as one object or as an array: always an array here. */
  readonly list: readonly Fields[]
}

export type IncomingMessage = IncomingOf<IncomingType> | OtherMessage
export type IncomingEvent = EnterEvent | OtherEvent
export type Incoming = IncomingMessage | IncomingEvent

type WithoutFields<T> = T extends Common ? Omit<T, 'fields'> & { readonly fields?: Fields } : never
/** The input of encodePush: an Incoming whose `fields` are needed only for other messages and other events. */
export type IncomingInput = WithoutFields<Incoming>

/** Reads a push's fields into the typed union. Throws DecodeError (`format`) when they are not a push. */
export function readIncoming(fields: Fields): Incoming {
  const word = text(fields['MsgType']).trim()
  // WeChat's page on user_authorization_revoke writes Event with a capital.
  const msgType = word.toLowerCase()
  if (msgType === '')
    throw new DecodeError('format', 'The push has no MsgType, so it is no message and no event.')
  const fromUserName = text(fields['FromUserName'])
  // Built member by member, as it is read for each push: spreads and lists of entries cost more than the rest.
  const incoming: Record<string, unknown> = {
    toUserName: text(fields['ToUserName']),
    fromUserName,
    createTime: seconds(fields['CreateTime']),
  }
  const businessId = businessOf(fields)
  if (businessId !== undefined) incoming['businessId'] = businessId
  incoming['fields'] = fields
  if (msgType === 'event') addEvent(incoming, fields)
  else {
    if (fromUserName === '')
      throw new DecodeError('format', 'The message has no FromUserName, so it has no sender.')
    incoming['msgId'] = msgIdOf(fields['MsgId'])
    addMessage(incoming, fields, { msgType, word })
  }
  return incoming as unknown as Incoming
}

function addMessage(
  message: Record<string, unknown>,
  fields: Fields,
  { msgType, word }: { readonly msgType: string; readonly word: string },
): void {
  const read = pushFieldsOf(msgType)
  message['msgType'] = read ? msgType : 'other'
  if (!read) message['type'] = word
  else for (const [name, element] of read) if (name !== 'msgId') message[name] = text(fields[element])
}

/** A number that JSON rounded is no id: it may be another message's too. */
function msgIdOf(value: unknown): string {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? '' : text(value)
}

const everyPush = ['ToUserName', 'FromUserName', 'CreateTime', 'MsgType', 'BusinessId']

/** The name of a field that decides what a push is and is no text: which of its parts is meant nobody can say. */
export function undecidable(fields: Fields): string | undefined {
  for (const name of everyPush) if (isMany(fields, name)) return name
  const msgType = text(fields['MsgType']).trim().toLowerCase()
  if (msgType === 'event') {
    if (isMany(fields, 'Event')) return 'Event'
    const isEnter = text(fields['Event']).trim().toLowerCase() === 'user_enter_tempsession'
    return isEnter && isMany(fields, 'SessionFrom') ? 'SessionFrom' : undefined
  }
  if (isMany(fields, 'MsgId')) return 'MsgId'
  for (const [, element] of pushFieldsOf(msgType) ?? []) if (isMany(fields, element)) return element
  return undefined
}

function isMany(fields: Fields, name: string): boolean {
  const value = fields[name]
  return typeof value === 'object' && value !== null
}

function businessOf(fields: Fields): string | undefined {
  const value = fields['BusinessId']
  if (value === undefined || value === null || value === '') return undefined
  // Of whatever shape it is, the session is not the Mini Program's own.
  return text(value).trim() || JSON.stringify(value)
}

function addEvent(event: Record<string, unknown>, fields: Fields): void {
  const type = text(fields['Event']).trim()
  if (type === '') throw new DecodeError('format', 'The push is an event without a name (Event).')
  event['msgType'] = 'event'
  if (type.toLowerCase() === 'user_enter_tempsession') {
    event['event'] = 'user_enter_tempsession'
    event['sessionFrom'] = text(fields['SessionFrom'])
    return
  }
  event['event'] = 'other'
  event['type'] = type
  event['list'] = listOf(fields)
}

/** The subscribe events hold `List` directly in JSON, and inside an element named after the event in XML. */
function listOf(fields: Fields): Fields[] {
  for (const holder of [fields, ...Object.values(fields)]) {
    if (!isFields(holder)) continue
    const list: unknown = holder['List']
    if (Array.isArray(list)) return list.filter(isFields)
    if (isFields(list)) return [list]
  }
  return []
}

/** The inverse of readIncoming; `msgId` stays a string of digits, which encodePush writes as a bare number. */
export function writeIncoming(incoming: IncomingInput): Record<string, unknown> {
  const head = {
    ToUserName: incoming.toUserName,
    FromUserName: incoming.fromUserName,
    CreateTime: incoming.createTime,
  }
  return {
    ...head,
    ...writeBody(incoming),
    ...(incoming.businessId ? { BusinessId: numberOrText(incoming.businessId) } : {}),
  }
}

function writeBody(incoming: IncomingInput): Record<string, unknown> {
  if (incoming.msgType === 'event')
    return incoming.event === 'user_enter_tempsession'
      ? { MsgType: 'event', Event: incoming.event, SessionFrom: incoming.sessionFrom }
      : { ...incoming.fields, MsgType: 'event', Event: incoming.type }
  const id = incoming.msgId === '' ? {} : { MsgId: incoming.msgId }
  if (incoming.msgType === 'other') return { ...incoming.fields, MsgType: incoming.type, ...id }
  const body: Record<string, unknown> = { MsgType: incoming.msgType }
  for (const [name, element] of pushFieldsOf(incoming.msgType) ?? []) {
    const value: unknown = Reflect.get(incoming, name)
    if (name !== 'msgId' || value !== '') body[element] = value
  }
  return body
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function seconds(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && number > 0 && number <= LATEST_SECONDS ? Math.trunc(number) : 0
}

/** The end of the year 9999: later than that, and before 1970, is no moment at which anybody wrote. */
export const LATEST_SECONDS = 253_402_300_799

/** A number as WeChat writes it, where it would come back as the same text. */
function numberOrText(value: string): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) && String(number) === value ? number : value
}
