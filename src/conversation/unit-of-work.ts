import { sql } from 'kysely'
import { bulkRows, inCommit, type Dialect, type Tx } from '../store/index.js'
import type { Ownership } from './ownership.js'
import type { Triggers } from './allowance.js'

/** A message to be written; its id is given at the flush, so that ids are in commit order. */
export interface NewMessage {
  id: number
  readonly conversationId: number
  readonly direction: 'incoming' | 'outgoing' | 'note' | 'system'
  readonly author: string
  readonly msgType: string
  /** The message's fields in WeChat's words. */
  readonly content: object
  readonly state: 'queued' | 'cancelled' | null
  /** A message of the same key is written once, however often it is asked for. */
  readonly onceKey: string | null
  readonly epoch: number
  readonly pushId: number | null
}

/** What pages are told: a message that is new or changed, or a conversation whose owner or facts changed. */
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
  readonly #conversations = new Map<number, ConversationState>()
  /** How customers entered, by contact. */
  readonly #entries = new Map<number, string>()

  constructor(tx: Tx, dialect: Dialect, now: number) {
    this.tx = tx
    this.dialect = dialect
    this.now = now
  }

  add(message: Omit<NewMessage, 'id'>): NewMessage {
    const added = { ...message, id: 0 }
    this.#messages.push(added)
    this.#feed.push({ kind: 'message', conversationId: message.conversationId, message: added })
    return added
  }

  /** Tells pages about a message that is written otherwise. */
  changed(conversationId: number, messageId: number): void {
    this.#feed.push({ kind: 'message', conversationId, message: { id: messageId } })
  }

  save(conversation: ConversationState, tell: boolean): void {
    this.#conversations.set(conversation.id, conversation)
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
        const conversation = this.#conversations.get(message.conversationId)
        // What is said places a conversation in lists, and stands there; who has it now is said elsewhere.
        if (conversation && (isSaid(message) || conversation.lastMessageId === null))
          conversation.lastMessageId = message.id
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
      .$if(this.dialect === 'postgres', (query) => query.returning(inCommit('feed').as('told')))
      .executeTakeFirstOrThrow()
    return value
  }

  async #writeMessages(): Promise<void> {
    if (this.#messages.length === 0) return
    const rows = bulkRows(
      this.dialect,
      messageColumns,
      this.#messages.map((message) => ({
        id: message.id,
        conversation_id: message.conversationId,
        direction: message.direction,
        author: message.author,
        msg_type: message.msgType,
        content: JSON.stringify(message.content),
        state: message.state,
        once_key: message.onceKey,
        epoch: message.epoch,
        push_id: message.pushId,
        created_at: this.now,
      })),
    )
    const names = sql.join(Object.keys(messageColumns).map((name) => sql.ref(name)))
    await sql`insert into message (${names}) select ${names} from ${rows} where true
      on conflict (once_key) where once_key is not null do nothing`.execute(this.tx)
  }

  async #writeFeed(after: number): Promise<void> {
    let sequence = after
    const rows = bulkRows(
      this.dialect,
      feedColumns,
      this.#feed.map((entry) => ({
        sequence: ++sequence,
        kind: entry.kind,
        conversation_id: entry.conversationId,
        data: entry.kind === 'message' ? JSON.stringify({ messageId: entry.message.id }) : '{}',
        at: this.now,
      })),
    )
    const names = sql.join(Object.keys(feedColumns).map((name) => sql.ref(name)))
    await sql`insert into feed (${names}) select ${names} from ${rows} where true`.execute(this.tx)
  }

  async #writeEntries(): Promise<void> {
    const entries = [...this.#entries].map(([id, session_from]) => ({ id, session_from }))
    const rows = bulkRows(this.dialect, { id: 'bigint', session_from: 'text' }, entries)
    await sql`update contact set session_from = rows.session_from from ${rows} where contact.id = rows.id`.execute(
      this.tx,
    )
  }

  async #writeConversations(): Promise<void> {
    const rows = bulkRows(
      this.dialect,
      conversationColumns,
      [...this.#conversations.values()].map((each) => ({
        id: each.id,
        status: each.status,
        agent_id: each.agentId,
        epoch: each.epoch,
        message_seconds: each.messageSeconds,
        message_received_at: each.messageReceivedAt,
        enter_seconds: each.enterSeconds,
        enter_received_at: each.enterReceivedAt,
        corrected: each.corrected,
        waiting_since: each.waitingSince,
        last_message_id: each.lastMessageId,
        updated_at: this.now,
      })),
    )
    const assignments = Object.keys(conversationColumns)
      .filter((name) => name !== 'id')
      .map((name) => sql`${sql.ref(name)} = ${sql.ref(`rows.${name}`)}`)
    await sql`update conversation set ${sql.join(assignments)} from ${rows} where conversation.id = rows.id`.execute(
      this.tx,
    )
  }
}

const messageColumns = {
  id: 'bigint',
  conversation_id: 'bigint',
  direction: 'text',
  author: 'text',
  msg_type: 'text',
  content: 'text',
  state: 'text',
  once_key: 'text',
  epoch: 'bigint',
  push_id: 'bigint',
  created_at: 'bigint',
} as const

/** Whether a line is of the customer or to them: a message, or that they entered. */
function isSaid({ direction, content }: NewMessage): boolean {
  return direction !== 'system' || ('line' in content && content.line === 'entered')
}

const feedColumns = {
  sequence: 'bigint',
  kind: 'text',
  conversation_id: 'bigint',
  data: 'text',
  at: 'bigint',
} as const

const conversationColumns = {
  id: 'bigint',
  status: 'text',
  agent_id: 'bigint',
  epoch: 'bigint',
  message_seconds: 'bigint',
  message_received_at: 'bigint',
  enter_seconds: 'bigint',
  enter_received_at: 'bigint',
  corrected: 'text',
  waiting_since: 'bigint',
  last_message_id: 'bigint',
  updated_at: 'bigint',
} as const
