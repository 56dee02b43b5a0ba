import { fieldsOf, knownType, messageTypeOf, messageTypes, type OutgoingMessage } from './index.js'

/** WeChat's have some 70 characters; what is longer fits no index and no request. */
const MAX_MEDIA_ID = 512

/** What stands under the type's name in the body of /cgi-bin/message/custom/send. */
export function toBody(message: OutgoingMessage): Record<string, string> {
  return Object.fromEntries(
    fieldsOf(knownType(message.msgType)).map(([name, { wire }]) => [wire, textIn(message, name) ?? '']),
  )
}

/** A message that can be sent, made of its fields; null where it lacks one, or is of a type that can't be sent. */
export function outgoingFrom(msgType: unknown, content: object): OutgoingMessage | null {
  const type = messageTypeOf(msgType)
  if (!type) return null
  const values: Record<string, string> = {}
  for (const [name, { mayBeEmpty }] of fieldsOf(type)) {
    const value = textIn(content, name) ?? (mayBeEmpty ? '' : undefined)
    if (value === undefined) return null
    values[name] = value
  }
  return asMessage(type.msgType, values)
}

/** The message of these fields. The caller has given every field of the type. */
export function asMessage(msgType: string, values: Readonly<Record<string, string>>): OutgoingMessage {
  return { msgType, ...values } as unknown as OutgoingMessage
}

/** The media id of the picture that a message shows; undefined where it shows none. */
export function mediaIdOf(msgType: unknown, content: object): string | undefined {
  const picture = messageTypeOf(msgType)?.picture ?? null
  const id = picture === null ? undefined : textIn(content, picture)
  return id !== undefined && id !== '' && id.length <= MAX_MEDIA_ID ? id : undefined
}

/** The same message with another media id for its picture. */
export function withMediaId(message: OutgoingMessage, mediaId: string): OutgoingMessage {
  const { picture } = knownType(message.msgType)
  return picture === null ? message : { ...message, [picture]: mediaId }
}

/** The line that says what a message is about; undefined where it has none. */
export function headlineOf(msgType: unknown, content: object): string | undefined {
  const headline = messageTypeOf(msgType)?.headline ?? null
  return headline === null ? undefined : textIn(content, headline)
}

/** The fields that a search looks into, of all types. */
export const searchedFields: readonly string[] = [
  ...new Set(
    messageTypes.flatMap((type) =>
      fieldsOf(type).flatMap(([name, { kind }]) => (kind === 'text' ? name : [])),
    ),
  ),
]

/** A field of a content that was read or kept; undefined where it is no text. */
export function textIn(content: object, name: string): string | undefined {
  const value: unknown = Reflect.get(content, name)
  return typeof value === 'string' ? value : undefined
}
