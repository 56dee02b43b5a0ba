import type { MessageView } from '../api/views.js'
import type { Times } from './time.js'

/** What a thread shows, from top to bottom. */
export type ThreadItem =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'fresh'; key: string }
  | {
      kind: 'message'
      key: string
      message: MessageView
      /** Follows one of the same sender within two minutes, or is followed by one. */
      joinsAbove: boolean
      joinsBelow: boolean
    }

const together = 2 * 60_000

/**
 * Messages from one place up to another, with a line for each day, and one before the first that was not read; close
 * ones of one sender are a group, also across the edges. `firstFresh` is that message's id.
 */
export function threadItems(
  messages: readonly MessageView[],
  { from, to }: { from: number; to: number },
  firstFresh: number | null,
  { dayOf }: Pick<Times, 'dayOf'>,
): ThreadItem[] {
  const isNewDay = (message: MessageView, before: MessageView | undefined): boolean =>
    !before || dayOf(before.createdAt) !== dayOf(message.createdAt)
  const joins = (before: MessageView | undefined, message: MessageView | undefined): boolean =>
    before !== undefined &&
    message !== undefined &&
    message.id !== firstFresh &&
    areTogether(before, message) &&
    !isNewDay(message, before)

  const items: ThreadItem[] = []
  for (let index = from; index < to; index++) {
    const message = messages[index]
    if (!message) break
    const [before, after] = [messages[index - 1], messages[index + 1]]
    if (isNewDay(message, before))
      items.push({ kind: 'day', key: `day ${message.id}`, at: message.createdAt })
    if (message.id === firstFresh) items.push({ kind: 'fresh', key: 'fresh' })
    items.push({
      kind: 'message',
      key: String(message.id),
      message,
      joinsAbove: joins(before, message),
      joinsBelow: joins(message, after),
    })
  }
  return items
}

function areTogether(one: MessageView, other: MessageView): boolean {
  return (
    one.author === other.author &&
    one.direction === other.direction &&
    one.direction !== 'system' &&
    other.createdAt - one.createdAt <= together
  )
}

/** The first of the last `count` messages of the customer up to one; of all that there are where they are fewer. */
export function firstFreshOf(
  messages: readonly MessageView[],
  { count, upTo }: { count: number; upTo: number },
): number | null {
  let [left, first]: [number, number | null] = [count, null]
  for (let index = messages.length - 1; index >= 0 && left > 0; index--) {
    const message = messages[index]
    if (message?.direction !== 'incoming' || message.id > upTo) continue
    first = message.id
    left--
  }
  return first
}

/** How many messages of the customer came behind one: read from the end, as only the newest matter. */
export function incomingSince(messages: readonly MessageView[], id: number): number {
  let count = 0
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    if (!message || message.id <= id) break
    if (message.direction === 'incoming') count++
  }
  return count
}
