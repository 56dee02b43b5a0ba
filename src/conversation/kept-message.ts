import { createHash } from 'node:crypto'
import type { IncomingMessage, OutgoingMessage } from '../wechat/index.js'

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
