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

/** Messages with a line for each day, and one before the first that was not read; close ones of one sender are a group. */
export function threadItems(
  messages: readonly MessageView[],
  fresh: { count: number; upTo: number },
  { dayOf }: Pick<Times, 'dayOf'>,
): ThreadItem[] {
  const firstFresh = firstFreshOf(messages, fresh)
  const items: ThreadItem[] = []
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1]
    const isNewDay = !before || dayOf(before.createdAt) !== dayOf(message.createdAt)
    if (isNewDay) items.push({ kind: 'day', key: `day ${message.id}`, at: message.createdAt })
    if (message.id === firstFresh) items.push({ kind: 'fresh', key: 'fresh' })
    const joinsAbove =
      before !== undefined && !isNewDay && message.id !== firstFresh && areTogether(before, message)
    const last = items.findLast((item) => item.kind === 'message')
    if (joinsAbove && last?.kind === 'message') last.joinsBelow = true
    items.push({ kind: 'message', key: String(message.id), message, joinsAbove, joinsBelow: false })
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

function firstFreshOf(
  messages: readonly MessageView[],
  { count, upTo }: { count: number; upTo: number },
): number | null {
  if (count === 0) return null
  const incoming = messages.filter(({ id, direction }) => direction === 'incoming' && id <= upTo)
  return incoming.at(-count)?.id ?? incoming[0]?.id ?? null
}
