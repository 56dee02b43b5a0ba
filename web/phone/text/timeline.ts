import type { PhoneMessage } from '../../../src/emulator/protocol.js'

/** A chat in the order it is drawn: grey times between messages that lie apart. */
export type TimelineItem =
  { kind: 'time'; key: string; at: number } | { kind: 'message'; key: string; message: PhoneMessage }

/** WeChat names the time again after a pause of this length. */
const pauseMs = 5 * 60_000

/** Puts a time before the first message and after each pause; messages come in and stay in the order they are in. */
export function timeline(messages: readonly PhoneMessage[]): TimelineItem[] {
  const items: TimelineItem[] = []
  let last = -Infinity
  for (const message of messages) {
    if (message.at - last > pauseMs) items.push({ kind: 'time', key: `time-${message.id}`, at: message.at })
    items.push({ kind: 'message', key: message.id, message })
    last = message.at
  }
  return items
}
