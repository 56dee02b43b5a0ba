import type { Logger } from '../../log.js'
import { every, type Store } from '../../store/index.js'
import { conversationViews, type ConversationView } from './conversation-view.js'
import { currentSequence, readFeed, type FeedItem } from '../feed.js'
import { messageViews, type MessageView } from './message-view.js'
import type { ViewSource } from './view-source.js'

/** What a page is told: a message that is new or changed, or a conversation that changed, as they are now. */
export type FeedEvent =
  | {
      readonly sequence: number
      readonly kind: 'message'
      readonly data: { readonly message: MessageView; readonly conversation: ConversationView }
    }
  | {
      readonly sequence: number
      readonly kind: 'conversation'
      readonly data: { readonly conversation: ConversationView }
    }

/** Whoever follows the feed. */
export interface FeedReader {
  /** From which number on events come; `reset`: not from where it asked, so what it has is to be loaded anew. */
  begin(sequence: number, reset: boolean): void
  /** Takes events in their order, as they happen. */
  receive(events: readonly FeedEvent[]): void
  /** Takes events that it missed, in their order, at its own pace: the next wait for what this gives. */
  catchUp(events: readonly FeedEvent[]): Promise<void>
  /** It can't be told any more. */
  fail(): void
}

export interface FeedFollowerOptions {
  readonly store: Pick<Store, 'db' | 'dialect' | 'signals'>
  readonly views: ViewSource
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
}

interface Entry {
  readonly reader: FeedReader
  /** The last number that the reader was told of. */
  cursor: number
  /** Whether it has caught up, and is told with the others. */
  joined: boolean
  left: boolean
}

interface Piece {
  readonly events: readonly FeedEvent[]
  readonly upTo: number
  readonly more: boolean
}

/** Rows of the feed that are read at once. */
const PIECE = 100
/** A reader that is further behind loads anew: that is quicker than telling it everything. */
const FARTHEST = 5000
/** What comes within so many milliseconds is read at once. */
const PACE_MS = 25
/** The pause after a reading, in times of how long that took: other work goes on meanwhile. */
const PAUSE_FACTOR = 3
/** How often the feed is read without a word of its growth, should one have been missed. */
const POLL_MS = 2000
const RETRY_MS = 1000

/**
 * Tells readers what happens, in commit order, from the number on that each has seen. However many they are, the
 * feed is read once for all that have caught up. Nothing is read while there are none.
 */
export class FeedFollower {
  readonly #options: FeedFollowerOptions
  readonly #entries = new Set<Entry>()
  /** What those that have caught up were told of. */
  #position = 0
  #again = false
  #reading: Promise<void> | undefined
  #ends: (() => void)[] = []

  constructor(options: FeedFollowerOptions) {
    this.#options = options
  }

  /** Tells a reader what comes after a number, or from now on; gives the function that ends it. */
  follow(after: number | undefined, reader: FeedReader): () => void {
    const entry: Entry = { reader, cursor: 0, joined: false, left: false }
    this.#entries.add(entry)
    if (this.#entries.size === 1) this.#listen()
    const leave = (): void => {
      entry.left = true
      this.#entries.delete(entry)
      if (this.#entries.size === 0) for (const end of this.#ends.splice(0)) end()
    }
    this.#catchUp(entry, after).catch((err: unknown) => {
      this.#options.logger.warn({ err }, 'a page could not be told what it missed; it comes again')
      if (!entry.left) reader.fail()
      leave()
    })
    return leave
  }

  #listen(): void {
    const wake = (): void => {
      this.#wake()
    }
    this.#ends = [this.#options.store.signals.on('feed', wake), every(POLL_MS, wake)]
  }

  async #catchUp(entry: Entry, after: number | undefined): Promise<void> {
    const { store } = this.#options
    const current = await currentSequence(store)
    const known = after !== undefined && after <= current && current - after <= FARTHEST
    const reset = after !== undefined && (!known || (await readFeed(store, after, 1)).reset)
    entry.cursor = known && !reset ? after : current
    if (hasLeft(entry)) return
    entry.reader.begin(entry.cursor, reset)
    for (;;) {
      const { events, upTo, more } = await this.#piece(entry.cursor)
      if (hasLeft(entry)) return
      await entry.reader.catchUp(events)
      if (hasLeft(entry)) return
      entry.cursor = upTo
      const alone = ![...this.#entries].some((each) => each.joined)
      if (alone) this.#position = Math.max(this.#position, upTo)
      if (!more && upTo >= this.#position) {
        entry.joined = true
        this.#wake()
        return
      }
    }
  }

  #wake(): void {
    this.#again = true
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
      // Who called between the last look and here.
      if (this.#again && this.#entries.size > 0) this.#wake()
    })
  }

  async #read(): Promise<void> {
    while (this.#again && this.#entries.size > 0) {
      this.#again = false
      try {
        const began = performance.now()
        const { events, upTo, more } = await this.#piece(this.#position)
        if (upTo === this.#position && (await this.#wentBack())) continue
        for (const entry of this.#entries) if (entry.joined) tell(entry, events, upTo)
        this.#position = Math.max(this.#position, upTo)
        if (more) {
          this.#again = true
          await this.#leap()
        }
        await this.#options.wait(Math.max(PACE_MS, (performance.now() - began) * PAUSE_FACTOR))
      } catch (err) {
        this.#options.logger.warn({ err }, 'pages could not be told what happened; tried again in a second')
        this.#again = true
        await this.#options.wait(RETRY_MS)
      }
    }
  }

  /** Where more happens than can be told, readers load anew instead of falling behind without end. */
  async #leap(): Promise<void> {
    const current = await currentSequence(this.#options.store)
    if (current - this.#position <= FARTHEST) return
    this.#reset(current)
  }

  /** A database that was restored under the running service stands before what pages have seen: they load anew. */
  async #wentBack(): Promise<boolean> {
    const current = await currentSequence(this.#options.store)
    if (current >= this.#position) return false
    this.#reset(current)
    return true
  }

  #reset(current: number): void {
    this.#position = current
    for (const entry of this.#entries) {
      if (!entry.joined) continue
      entry.cursor = current
      entry.reader.begin(current, true)
    }
  }

  /** Returns the changes after a number, each message and conversation once, as it is now. */
  async #piece(after: number): Promise<Piece> {
    const { store, views } = this.#options
    const { items } = await readFeed(store, after, PIECE)
    const upTo = items.at(-1)?.sequence ?? after
    const latest = latestOf(items)
    const messages = await messageViews(
      views,
      latest.flatMap(({ messageId }) => messageId ?? []),
    )
    const conversations = new Map(
      (await conversationViews(views, [...new Set(latest.flatMap((item) => item.conversationId ?? []))])).map(
        (view) => [view.id, view],
      ),
    )
    const events = latest.flatMap((item): FeedEvent[] => {
      const conversation = conversations.get(item.conversationId ?? 0)
      // Erased meanwhile.
      if (!conversation) return []
      const { sequence } = item
      if (item.kind !== 'message') return [{ sequence, kind: 'conversation', data: { conversation } }]
      const message = messages.get(item.messageId ?? 0)
      return message ? [{ sequence, kind: 'message', data: { message, conversation } }] : []
    })
    return { events, upTo, more: items.length === PIECE }
  }
}

/** A reader that caught up while the piece was read has some of it already. */
function tell(entry: Entry, events: readonly FeedEvent[], upTo: number): void {
  const { cursor } = entry
  const fresh = events.filter(({ sequence }) => sequence > cursor)
  entry.cursor = Math.max(cursor, upTo)
  if (fresh.length > 0) entry.reader.receive(fresh)
}

/** The last of several changes of the same message, or of the same conversation's facts. */
function latestOf(items: readonly FeedItem[]): FeedItem[] {
  const latest = new Map<string, FeedItem>()
  for (const item of items) {
    if (item.kind !== 'message' && item.kind !== 'conversation') continue
    const key = item.kind === 'message' ? `m${item.messageId ?? ''}` : `c${item.conversationId ?? ''}`
    latest.delete(key)
    latest.set(key, item)
  }
  return [...latest.values()]
}

/** Asked anew after each wait: a page may leave at any time. */
function hasLeft(entry: Entry): boolean {
  return entry.left
}
