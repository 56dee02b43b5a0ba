import { DecodeError } from '../errors.js'

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

export interface TextMessage extends MessageCommon {
  readonly msgType: 'text'
  readonly content: string
}

export interface ImageMessage extends MessageCommon {
  readonly msgType: 'image'
  /** WeChat's link to the picture, temporary. Not to be fetched as it is: use `mediaId`. */
  readonly picUrl: string
  readonly mediaId: string
}

export interface MiniProgramPageMessage extends MessageCommon {
  readonly msgType: 'miniprogrampage'
  readonly title: string
  readonly appId: string
  readonly pagePath: string
  readonly thumbUrl: string
  readonly thumbMediaId: string
}

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

export type IncomingMessage = TextMessage | ImageMessage | MiniProgramPageMessage | OtherMessage
export type IncomingEvent = EnterEvent | OtherEvent
export type Incoming = IncomingMessage | IncomingEvent

type WithoutFields<T> = T extends Common ? Omit<T, 'fields'> & { readonly fields?: Fields } : never
/** What encodePush takes: an Incoming whose `fields` are needed only for other messages and other events. */
export type IncomingInput = WithoutFields<Incoming>

/** Reads a push's fields into the typed union. Throws DecodeError (`format`) when they are not a push. */
export function readIncoming(fields: Fields): Incoming {
  const msgType = text(fields['MsgType'])
  if (msgType === '')
    throw new DecodeError('format', 'The push has no MsgType, so it is no message and no event.')
  const common = {
    toUserName: text(fields['ToUserName']),
    fromUserName: text(fields['FromUserName']),
    createTime: seconds(fields['CreateTime']),
    ...businessOf(fields),
    fields,
  }
  if (msgType === 'event') return readEvent(common, fields)
  if (common.fromUserName === '')
    throw new DecodeError('format', 'The message has no FromUserName, so it has no sender.')
  const message = { ...common, msgId: text(fields['MsgId']) }
  switch (msgType) {
    case 'text':
      return { ...message, msgType, content: text(fields['Content']) }
    case 'image':
      return { ...message, msgType, picUrl: text(fields['PicUrl']), mediaId: text(fields['MediaId']) }
    case 'miniprogrampage':
      return {
        ...message,
        msgType,
        title: text(fields['Title']),
        appId: text(fields['AppId']),
        pagePath: text(fields['PagePath']),
        thumbUrl: text(fields['ThumbUrl']),
        thumbMediaId: text(fields['ThumbMediaId']),
      }
    default:
      return { ...message, msgType: 'other', type: msgType }
  }
}

function businessOf(fields: Fields): { businessId: string } | undefined {
  const businessId = text(fields['BusinessId'])
  return businessId === '' ? undefined : { businessId }
}

function readEvent(common: Common, fields: Fields): IncomingEvent {
  const type = text(fields['Event'])
  if (type === '') throw new DecodeError('format', 'The push is an event without a name (Event).')
  if (type === 'user_enter_tempsession')
    return { ...common, msgType: 'event', event: type, sessionFrom: text(fields['SessionFrom']) }
  return { ...common, msgType: 'event', event: 'other', type, list: listOf(fields) }
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
  switch (incoming.msgType) {
    case 'text':
      return { MsgType: 'text', Content: incoming.content, ...id }
    case 'image':
      return { MsgType: 'image', PicUrl: incoming.picUrl, MediaId: incoming.mediaId, ...id }
    case 'miniprogrampage':
      return {
        MsgType: 'miniprogrampage',
        ...id,
        Title: incoming.title,
        AppId: incoming.appId,
        PagePath: incoming.pagePath,
        ThumbUrl: incoming.thumbUrl,
        ThumbMediaId: incoming.thumbMediaId,
      }
    case 'other':
      return { ...incoming.fields, MsgType: incoming.type, ...id }
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

function seconds(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Math.abs(number) < 2 ** 53 ? Math.trunc(number) : 0
}

/** A number as WeChat writes it, where it would come back as the same text. */
function numberOrText(value: string): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) && String(number) === value ? number : value
}
