import { image } from './image.js'
import { link } from './link.js'
import type { Field, MessageType } from './message-type.js'
import { miniprogrampage } from './miniprogrampage.js'
import { text } from './text.js'

export type { Field, MessageRefusal, MessageType, Words } from './message-type.js'

/** Every type of message that kefu knows: the union, the API's schema, the rules' replies and the pages follow from it. */
export const messageTypes = [text, image, link, miniprogrampage] as const

type Known = (typeof messageTypes)[number]
/** WeChat's word for a type that a Mini Program can send. */
export type OutgoingType = Known['msgType']
type Of<T extends OutgoingType> = Extract<Known, { readonly msgType: T }>
/** The type that customers can send too. */
export type IncomingType = Extract<Known, { readonly push: object }>['msgType']

interface Common {
  /** Puts WeChat's grey line 「内容由第三方AI生成」 under the message. */
  readonly isAiMsg?: boolean
}

type Flat<T> = { readonly [K in keyof T]: T[K] }
type Texts<F> = { readonly [K in keyof F]: string }

/** A message of one type that a Mini Program can send. */
export type OutgoingOf<T extends OutgoingType> = T extends OutgoingType
  ? Flat<{ readonly msgType: T } & Texts<Of<T>['fields']> & Common>
  : never

/**
 * The messages that a Mini Program can send.
 * Source: https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage
 */
export type OutgoingMessage = OutgoingOf<OutgoingType>

/** The fields that a customer's message of one type has beside those that each has. */
export type IncomingFieldsOf<T extends IncomingType> = Texts<Omit<Of<T>['push'], 'msgId'>>

/** A message of one type as WeChat shows it on the phone. */
export type ShownOf<T extends OutgoingType> = T extends OutgoingType
  ? { msgType: T } & ReturnType<Of<T>['onPhone']>
  : never

/** A message as a rule writes it: by its type one text, or its fields. */
export type ReplyOf<T extends OutgoingType> = T extends OutgoingType
  ? {
      [K in T]: Of<T>['isBare'] extends true ? string : { -readonly [F in keyof Of<T>['fields']]: string }
    } & {
      isAiMsg?: boolean
    }
  : never

/** Any field of any type, in kefu's words. */
export type MessageField = Known extends infer K
  ? K extends { readonly fields: infer F; readonly push: infer P }
    ? (keyof F & string) | (P extends null ? never : Exclude<keyof P & string, 'msgId'>)
    : never
  : never

/** Those fields, each once. */
export const messageFields: readonly MessageField[] = [
  ...new Set(
    messageTypes.flatMap((type) =>
      [...Object.keys(type.fields), ...Object.keys(type.push ?? {})].filter((name) => name !== 'msgId'),
    ),
  ),
] as MessageField[]

export const outgoingTypes: readonly OutgoingType[] = messageTypes.map(({ msgType }) => msgType)

export const incomingTypes: readonly IncomingType[] = messageTypes.flatMap((type) =>
  type.push === null ? [] : type.msgType,
)

const byName: ReadonlyMap<unknown, MessageType> = new Map(
  messageTypes.map((type): [string, MessageType] => [type.msgType, type]),
)

/** The type by WeChat's word for it; undefined for one that kefu does not know. */
export function messageTypeOf(msgType: unknown): MessageType | undefined {
  return byName.get(msgType)
}

/** A known type by its name. */
export function knownType(msgType: OutgoingType): MessageType {
  const type = byName.get(msgType)
  if (!type) throw new TypeError(`${msgType} is no type of message.`)
  return type
}

/** A type's fields by their names, in WeChat's order. */
export function fieldsOf(type: MessageType): [name: string, field: Field][] {
  return Object.entries(type.fields)
}

/** kefu's and WeChat's names of what a push of this type holds, in WeChat's order; undefined for what customers can't send. */
export function pushFieldsOf(
  msgType: string,
): readonly (readonly [name: string, element: string])[] | undefined {
  return pushFields.get(msgType)
}

const pushFields: ReadonlyMap<string, readonly (readonly [string, string])[]> = new Map(
  messageTypes.flatMap(({ msgType, push }): [string, [string, string][]][] =>
    push === null ? [] : [[msgType, Object.entries(push)]],
  ),
)
