import { textIn } from './content.js'
import { fieldsOf, messageTypes, type OutgoingType, type ReplyOf } from './index.js'
import type { Field, MessageType } from './message-type.js'

/** A reply as a rules file has it: `{ "text": "…" }`, or a type's name with its fields. */
export type ReplyForm = ReplyOf<OutgoingType>

/** A field of a reply, and its text. */
export interface ReplyText {
  readonly name: string
  readonly field: Field
  readonly text: string
}

/** Takes a reply apart, its fields in WeChat's order. Throws TypeError for a type that is not known, which the schema refuses. */
export function readReply(reply: ReplyForm): { type: MessageType; texts: readonly ReplyText[] } {
  for (const type of messageTypes) {
    const form: unknown = Reflect.get(reply, type.msgType)
    if (form === undefined) continue
    const texts = fieldsOf(type).map(([name, field]) => ({
      name,
      field,
      text: typeof form === 'string' ? form : (typeof form === 'object' && form && textIn(form, name)) || '',
    }))
    return { type, texts }
  }
  throw new TypeError('The reply is of no type that is known.')
}

/** The inverse of readReply; a field that is not given is empty. */
export function replyOf(type: MessageType, values: Readonly<Record<string, string>>): ReplyForm {
  const texts = fieldsOf(type).map(([name]) => [name, values[name] ?? ''] as const)
  const form = type.isBare ? (texts[0]?.[1] ?? '') : Object.fromEntries(texts)
  return { [type.msgType]: form } as unknown as ReplyForm
}
