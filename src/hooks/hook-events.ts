import {
  conversationViews,
  messageViews,
  readFeed,
  type MessageView,
  type ViewSource,
} from '../conversation/index.js'
import type { Store } from '../store/index.js'
import { eventOf, type HookEventName } from './event.js'

/** Something of the feed that endpoints are told, with what they are told of it. */
export interface HookEvent {
  readonly event: HookEventName
  readonly onceKey: string
  readonly sequence: number
  readonly appId: string
  readonly conversationId: number
  readonly body: string
}

/** A piece of the feed. */
export interface FeedPiece {
  readonly events: readonly HookEvent[]
  /** The last number that it reaches to; undefined when nothing came after the one asked for. */
  readonly upTo: number | undefined
  /** Some of what came after the number asked for was pruned already. */
  readonly pruned: boolean
}

export type HookEventSource = ViewSource & { readonly store: Store }

const PAGE = 200

/** Returns the events after a number, in commit order. Messages and conversations are as the API shows them. */
export async function hookEventsAfter(source: HookEventSource, after: number): Promise<FeedPiece> {
  const { items, reset: pruned } = await readFeed(source.store, after, PAGE)
  const upTo = items.at(-1)?.sequence
  const ids = [...new Set(items.flatMap(({ messageId }) => messageId ?? []))]
  const views = await messageViews(source, ids)
  const attempts = await attemptsOf(source.store, [...views.values()])
  const told = items.flatMap(({ messageId, sequence, at }) => {
    const message = views.get(messageId ?? 0)
    const event = message && eventOf({ ...message, attempts: attempts.get(message.id) ?? 0 })
    return event ? [{ ...event, message, sequence, at }] : []
  })
  const conversationIds = [...new Set(told.map(({ message }) => message.conversationId))]
  const conversations = new Map(
    (await conversationViews(source, conversationIds)).map((view) => [view.id, view]),
  )
  const events = told.flatMap(({ message, sequence, at, event, onceKey }): HookEvent[] => {
    const conversation = conversations.get(message.conversationId)
    if (!conversation) return []
    // Without what the event has already, and what is the desk's affair.
    const told = { ...conversation, lastMessage: undefined, unread: undefined }
    const data = { sequence, message, conversation: told }
    const body = JSON.stringify({ type: event, timestamp: new Date(at).toISOString(), data })
    return [{ event, onceKey, sequence, appId: conversation.appId, conversationId: conversation.id, body }]
  })
  return { events, upTo, pruned }
}

/** How often each message that failed was sent: a person may have sent it again. */
async function attemptsOf(
  { db }: Store,
  messages: readonly MessageView[],
): Promise<ReadonlyMap<number, number>> {
  const failed = messages.filter(({ state }) => state === 'failed' || state === 'unknown')
  if (failed.length === 0) return new Map()
  const rows = await db
    .selectFrom('message')
    .select(['id', 'attempts'])
    .where(
      'id',
      'in',
      failed.map(({ id }) => id),
    )
    .execute()
  return new Map(rows.map(({ id, attempts }) => [id, attempts]))
}
