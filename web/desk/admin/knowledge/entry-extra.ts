import type { EntryInput } from '../../../../src/knowledge/schemas/knowledge-entry.js'
import {
  fieldsOf,
  knownType,
  messageTypeOf,
  type OutgoingMessage,
  type OutgoingType,
} from '../../../../src/wechat/messages/index.js'
import { utf8Bytes } from '../../text/bytes.js'
import { limits } from '../../../../src/wechat/limits.js'

/** A message that follows an answer, while it is written. The fields of other types stay, so that another choice loses nothing. */
export interface ExtraDraft {
  msgType: OutgoingType | ''
  fields: Record<string, string>
}

type Extra = EntryInput['extra']

export function extraDraft(extra: Extra): ExtraDraft {
  // A later service may know more types.
  const type = extra && messageTypeOf(extra.msgType)
  if (!extra || !type) return { msgType: '', fields: {} }
  const texts = new Map<string, string | boolean>(Object.entries(extra))
  const fields = fieldsOf(type).map(([name]) => {
    const text = texts.get(name)
    return [name, typeof text === 'string' ? text : '']
  })
  return { msgType: extra.msgType, fields: Object.fromEntries(fields) as Record<string, string> }
}

/** The message that a draft is; what was not changed stays as it was, also what has no field. */
export function extraOf(draft: ExtraDraft, before: Extra): Extra {
  if (isSame(draft, extraDraft(before))) return before
  if (draft.msgType === '') return null
  const texts = fieldsOf(knownType(draft.msgType)).map(([name]) => [name, (draft.fields[name] ?? '').trim()])
  return { msgType: draft.msgType, ...Object.fromEntries(texts) } as OutgoingMessage
}

/** Whether the message can be sent as it is. */
export function isExtraWhole({ msgType, fields }: ExtraDraft): boolean {
  if (msgType === '') return true
  return fieldsOf(knownType(msgType)).every(([name, { kind, mayBeEmpty, maxCharacters }]) => {
    const text = (fields[name] ?? '').trim()
    if (kind === 'address') return /^https?:\/\/[^\s/?#]+/i.test(text) && text.length <= maxCharacters
    if (msgType === 'text' && utf8Bytes(text) > limits.textBytes) return false
    return (mayBeEmpty || text !== '') && text.length <= maxCharacters
  })
}

function isSame(one: ExtraDraft, other: ExtraDraft): boolean {
  if (one.msgType !== other.msgType) return false
  if (one.msgType === '') return true
  return fieldsOf(knownType(one.msgType)).every(
    ([name]) => (one.fields[name] ?? '') === (other.fields[name] ?? ''),
  )
}
