import {
  bulkStatement,
  inCommit,
  type BulkColumns,
  type Dialect,
  type Tx,
  type SqlFragments,
} from '../store/index.js'
import type { Ownership } from './ownership.js'
import type { Triggers } from './allowance.js'
import type { AuthorText } from '../protocol/author.js'

/** A message to be written; its id is given at the flush, so that ids are in commit order. */
export interface NewMessage {
  id: number
  readonly conversationId: number
  readonly direction: 'incoming' | 'outgoing' | 'note' | 'system'
  readonly author: AuthorText
  readonly msgType: string
  /** The message's fields in WeChat's words. */
  readonly content: object
  readonly state: 'queued' | 'cancelled' | null
  /** A queued message waits until then, so that it can be taken back. */
  readonly notBefore?: number
  /** A message of the same key is written once, however often it is asked for. */
  readonly onceKey: string | null
  readonly epoch: number
  readonly pushId: number | null
  /** Of what a customer did: who answered it, as MessageTable says. */
  answeredBy: string | null
}

/** An event for pages: a message that is new or changed, or a conversation whose owner or facts changed. */
export type FeedEntry =
  | { readonly kind: 'message'; readonly conversationId: number; readonly message: { readonly id: number } }
  | { readonly kind: 'conversation'; readonly conversationId: number }

/** A conversation as it is written back. */
export interface ConversationState extends Ownership, Triggers {
  readonly id: number
  readonly contactId: number
  readonly waitingSince: number | null
  lastMessageId: number | null
}

/**
 * Gathers what one transaction changes and writes it in a few statements, however much it is. The workspace's
 * sequence is raised last, because from there to the commit every other writer waits for it.
 */
export class UnitOfWork {
  readonly tx: Tx
  readonly dialect: Dialect
  /** Milliseconds since 1970. */
  readonly now: number
  readonly #messages: NewMessage[] = []
  readonly #feed: FeedEntry[] = []
  readonly #conversations = new Map<number, Saved>()
  /** How customers entered, by contact. */
  readonly #entries = new Map<number, string>()

  constructor(tx: Tx, dialect: Dialect, now: number) {
    this.tx = tx
    this.dialect = dialect
    this.now = now
  }

  add(message: Omit<NewMessage, 'id' | 'answeredBy'>): NewMessage {
    const added = { ...message, id: 0, answeredBy: null }
    this.#messages.push(added)
    this.#feed.push({ kind: 'message', conversationId: message.conversationId, message: added })
    return added
  }

  /** Tells pages about a message that is written otherwise. */
  changed(conversationId: number, messageId: number): void {
    this.#feed.push({ kind: 'message', conversationId, message: { id: messageId } })
  }

  /** Writes a conversation back; told how it was found, no more of it than has changed. */
  save(conversation: ConversationState, tell: boolean, before?: ConversationState): void {
    const whole = before === undefined || !onlyWroteIn(before, conversation)
    this.#conversations.set(conversation.id, { conversation, whole })
    if (tell) this.#feed.push({ kind: 'conversation', conversationId: conversation.id })
  }

  entered(contactId: number, sessionFrom: string): void {
    this.#entries.set(contactId, sessionFrom)
  }

  async flush(): Promise<void> {
    const count = this.#messages.length + this.#feed.length
    if (count > 0) {
      let next = (await this.#raise(count)) - count
      for (const message of this.#messages) {
        message.id = ++next
        const saved = this.#conversations.get(message.conversationId)
        // The last thing that was said places a conversation in lists, and stands there; its owner stands elsewhere.
        if (saved && (isSaid(message) || saved.conversation.lastMessageId === null))
          saved.conversation.lastMessageId = message.id
      }
      await this.#writeMessages()
      await this.#writeFeed(next)
    }
    if (this.#conversations.size > 0) await this.#writeConversations()
    if (this.#entries.size > 0) await this.#writeEntries()
  }

  async #raise(count: number): Promise<number> {
    const { value } = await this.tx
      .updateTable('sequence')
      .set((eb) => ({ value: eb('value', '+', count) }))
      .where('name', '=', 'workspace')
      .returning('value')
      // PostgreSQL says it at the commit, to all processes; SQLite's one process notices its commits itself.
      .$if(this.dialect === 'postgres', (query) => query.returning(inCommit('feed', '').as('told')))
      .executeTakeFirstOrThrow()
    return value
  }

  async #writeMessages(): Promise<void> {
    for (const alike of groups(this.#messages)) {
      const [first] = alike
      if (!first) continue
      const { direction, author, msgType, state, onceKey, notBefore = null } = first
      const rows = alike.map((message) => ({
        id: message.id,
        conversation_id: message.conversationId,
        content: JSON.stringify(message.content),
        epoch: message.epoch,
        push_id: message.pushId,
        once_key: message.onceKey,
        answered_by: message.answeredBy,
      }))
      const write = onceKey === null ? writeMessages : writeMessagesOnce
      await write(this.tx, this.dialect, rows, direction, author, msgType, state, this.now, notBefore)
    }
  }

  async #writeFeed(after: number): Promise<void> {
    let sequence = after
    const rows = this.#feed.map((entry) => ({
      sequence: ++sequence,
      conversation_id: entry.conversationId,
      message_id: entry.kind === 'message' ? entry.message.id : null,
    }))
    if (rows.length > 0) await writeFeed(this.tx, this.dialect, rows, this.now)
  }

  async #writeEntries(): Promise<void> {
    const rows = [...this.#entries].map(([id, session_from]) => ({ id, session_from }))
    await writeEntries(this.tx, this.dialect, rows)
  }

  async #writeConversations(): Promise<void> {
    const saved = [...this.#conversations.values()]
    for (const [write, whole] of [
      [writeConversations, true],
      [writeLastMessages, false],
    ] as const) {
      const rows = saved.filter((each) => each.whole === whole).map(({ conversation }) => rowOf(conversation))
      if (rows.length > 0) await write(this.tx, this.dialect, rows, this.now)
    }
  }
}

interface Saved {
  readonly conversation: ConversationState
  readonly whole: boolean
}

/** Whether no more happened than that a message came or went. */
function onlyWroteIn(before: ConversationState, now: ConversationState): boolean {
  return (
    before.status === now.status &&
    before.agentId === now.agentId &&
    before.epoch === now.epoch &&
    before.enterSeconds === now.enterSeconds &&
    before.enterReceivedAt === now.enterReceivedAt &&
    before.corrected === now.corrected
  )
}

/** Messages that differ only in what each row says for itself: the rest travels once. */
function groups(messages: readonly NewMessage[]): Iterable<readonly NewMessage[]> {
  const alike = new Map<string, NewMessage[]>()
  for (const message of messages) {
    const { direction, author, msgType, state, onceKey, notBefore = 0 } = message
    const key = `${direction} ${author} ${msgType} ${state ?? ''} ${onceKey === null} ${notBefore}`
    const group = alike.get(key)
    if (group) group.push(message)
    else alike.set(key, [message])
  }
  return alike.values()
}

function rowOf(
  conversation: ConversationState,
): Record<keyof typeof conversationColumns, string | number | null> {
  return {
    id: conversation.id,
    message_seconds: conversation.messageSeconds,
    message_received_at: conversation.messageReceivedAt,
    waiting_since: conversation.waitingSince,
    last_message_id: conversation.lastMessageId,
    status: conversation.status,
    agent_id: conversation.agentId,
    epoch: conversation.epoch,
    enter_seconds: conversation.enterSeconds,
    enter_received_at: conversation.enterReceivedAt,
    corrected: conversation.corrected,
  }
}

/** Whether a line is of the customer or to them: a message, or that they entered. */
function isSaid({ direction, content }: NewMessage): boolean {
  return direction !== 'system' || ('line' in content && content.line === 'entered')
}

const messageColumns = {
  id: 'bigint',
  conversation_id: 'bigint',
  content: 'text',
  epoch: 'bigint',
  push_id: 'bigint',
  answered_by: 'text',
} as const

const insertMessages = ({ rows, value }: SqlFragments, once: string): string => `
  insert into message (id, conversation_id, content, epoch, push_id, answered_by${once},
    direction, author, msg_type, state, created_at, not_before)
  select id, conversation_id, content, epoch, push_id, answered_by${once},
    ${value(1, 'text')}, ${value(2, 'text')}, ${value(3, 'text')}, ${value(4, 'text')}, ${value(5, 'bigint')},
    ${value(6, 'bigint')}
  from ${rows} where true`

const writeMessages = bulkStatement(messageColumns, (words) => insertMessages(words, ''))
const writeMessagesOnce = bulkStatement(
  { ...messageColumns, once_key: 'text' },
  (words) =>
    `${insertMessages(words, ', once_key')} on conflict (once_key) where once_key is not null do nothing`,
)

const writeFeed = bulkStatement(
  { sequence: 'bigint', conversation_id: 'bigint', message_id: 'bigint' },
  ({ rows, value }) => `insert into feed (sequence, kind, conversation_id, data, at)
    select sequence, case when message_id is null then 'conversation' else 'message' end, conversation_id,
      case when message_id is null then '{}' else '{"messageId":' || message_id || '}' end, ${value(1, 'bigint')}
    from ${rows} where true`,
)

const writeEntries = bulkStatement(
  { id: 'bigint', session_from: 'text' },
  ({ rows }) => `update contact set session_from = rows.session_from from ${rows} where contact.id = rows.id`,
)

const lastMessageColumns = {
  id: 'bigint',
  message_seconds: 'bigint',
  message_received_at: 'bigint',
  waiting_since: 'bigint',
  last_message_id: 'bigint',
} as const

const conversationColumns = {
  ...lastMessageColumns,
  status: 'text',
  agent_id: 'bigint',
  epoch: 'bigint',
  enter_seconds: 'bigint',
  enter_received_at: 'bigint',
  corrected: 'text',
} as const

const updateConversations = ({ rows, value }: SqlFragments, columns: BulkColumns): string => {
  const names = Object.keys(columns).filter((name) => name !== 'id')
  return `update conversation set updated_at = ${value(1, 'bigint')}, ${names.map((name) => `${name} = rows.${name}`).join(', ')}
    from ${rows} where conversation.id = rows.id`
}

const writeConversations = bulkStatement(conversationColumns, (words) =>
  updateConversations(words, conversationColumns),
)
const writeLastMessages = bulkStatement(lastMessageColumns, (words) =>
  updateConversations(words, lastMessageColumns),
)
