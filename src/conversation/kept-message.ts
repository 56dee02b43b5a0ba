import { createHash } from 'node:crypto'
import type { IncomingMessage, OutgoingMessage, Push } from '../wechat/index.js'
import type { ConversationState, NewMessage } from './unit-of-work.js'

/** A message's content as it is kept: what was typed, without the envelope that other columns hold. */
export function contentOf(message: IncomingMessage): object {
  return Object.fromEntries(
    Object.entries(message).filter(
      ([name]) => !envelope.has(name) && !(name === 'fields' && message.msgType !== 'other'),
    ),
  )
}

const envelope = new Set(['toUserName', 'fromUserName'])

/** The same reply, at the same place of the same push, is queued once, however often its handler is run. */
export function onceKey(pushId: number, place: number, message: OutgoingMessage): string {
  const hash = createHash('sha256').update(JSON.stringify(message)).digest('base64url').slice(0, 16)
  return `push:${pushId}:${place}:${hash}`
}

/** Returns the message that a customer's push brings, as it is written. */
export function incomingMessage(
  { payload, plaintext, unreadable }: Push,
  pushId: number,
  { id, epoch }: ConversationState,
): Omit<NewMessage, 'id' | 'answeredBy'> {
  const content = payload.msgType === 'event' ? {} : contentOf(payload)
  return {
    conversationId: id,
    direction: 'incoming',
    author: 'contact',
    msgType: payload.msgType,
    content: unreadable ? { ...content, content: plaintext } : content,
    state: null,
    onceKey: null,
    epoch,
    pushId,
  }
}
