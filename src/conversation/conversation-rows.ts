import { sql } from 'kysely'
import { bulkRows, shardOf, type Dialect, type Store, type Tx } from '../store/index.js'
import type { Spending } from './allowance.js'
import type { ConversationState } from './unit-of-work.js'
import type { Status } from './conversing.js'

/** A customer, with their conversation, as a transaction found them. */
export interface ContactAndConversation {
  readonly contact: {
    readonly id: number
    readonly appId: string
    readonly openId: string
    readonly name: string | null
    readonly remark: string | null
    readonly sessionFrom: string | null
    readonly tags: readonly string[]
  }
  readonly conversation: ConversationState
}

/** A customer, by what WeChat calls them. */
export interface Sighting {
  readonly appId: string
  readonly openId: string
}

const sightingColumns = {
  app_id: 'text',
  open_id: 'text',
  shard: 'bigint',
  at: 'bigint',
} as const

/**
 * Finds the customers and their conversations, making those that are new, and holds them for this transaction.
 * One sighting per customer. The key of the result is contactKey.
 */
export async function openConversations(
  tx: Tx,
  dialect: Dialect,
  sightings: readonly Sighting[],
  now: number,
): Promise<Map<string, ContactAndConversation>> {
  const rows = bulkRows(
    dialect,
    sightingColumns,
    sightings.map((each) => ({
      app_id: each.appId,
      open_id: each.openId,
      shard: shardOf(each.appId, each.openId),
      at: now,
    })),
  )
  const contacts = await sql<{ id: number }>`
    insert into contact (app_id, open_id, created_at, seen_at)
    select app_id, open_id, at, at from ${rows} where true
    on conflict (app_id, open_id) do update set seen_at = excluded.seen_at
    returning id`.execute(tx)
  const ids = contacts.rows.map((row) => row.id)
  await sql`
    insert into conversation (contact_id, shard, status, epoch, updated_at)
    select contact.id, rows.shard, 'bot', 0, rows.at from ${rows}
    join contact on contact.app_id = rows.app_id and contact.open_id = rows.open_id where true
    on conflict (contact_id) do nothing`.execute(tx)
  return byKey(await load(tx, dialect, 'contact_id', ids))
}

/** A conversation by its id, held for this transaction; undefined when there is none. */
export async function holdConversation(
  tx: Tx,
  dialect: Dialect,
  id: number,
): Promise<ContactAndConversation | undefined> {
  const [found] = await load(tx, dialect, 'id', [id])
  return found
}

export function contactKey(appId: string, openId: string): string {
  return `${appId}/${openId}`
}

interface LoadedRow {
  id: number
  contact_id: number
  status: Status
  agent_id: number | null
  epoch: number
  message_seconds: number | null
  message_received_at: number | null
  enter_seconds: number | null
  enter_received_at: number | null
  corrected: 'count' | 'window' | null
  waiting_since: number | null
  last_message_id: number | null
  app_id: string
  open_id: string
  name: string | null
  remark: string | null
  session_from: string | null
}

async function load(
  tx: Tx,
  dialect: Dialect,
  by: 'id' | 'contact_id',
  ids: readonly number[],
): Promise<ContactAndConversation[]> {
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    ids.map((id) => ({ id })),
  )
  // In one order for all transactions, so that two never wait for each other in a circle.
  const held = dialect === 'postgres' ? sql`order by c.id for update of c` : sql``
  const { rows } = await sql<LoadedRow>`
    select c.id, c.contact_id, c.status, c.agent_id, c.epoch, c.message_seconds, c.message_received_at, c.enter_seconds,
      c.enter_received_at, c.corrected, c.waiting_since, c.last_message_id,
      contact.app_id, contact.open_id, contact.name, contact.remark, contact.session_from
    from conversation c join contact on contact.id = c.contact_id
    where ${sql.ref(`c.${by}`)} in (select id from ${wanted}) ${held}`.execute(tx)
  const tags = await tagsOf(
    tx,
    dialect,
    rows.map((row) => row.contact_id),
  )
  return rows.map((row) => ({
    contact: {
      id: row.contact_id,
      appId: row.app_id,
      openId: row.open_id,
      name: row.name,
      remark: row.remark,
      sessionFrom: row.session_from,
      tags: tags.get(row.contact_id) ?? [],
    },
    conversation: {
      id: row.id,
      contactId: row.contact_id,
      status: row.status,
      agentId: row.agent_id,
      epoch: row.epoch,
      messageSeconds: row.message_seconds,
      messageReceivedAt: row.message_received_at,
      enterSeconds: row.enter_seconds,
      enterReceivedAt: row.enter_received_at,
      corrected: row.corrected,
      waitingSince: row.waiting_since,
      lastMessageId: row.last_message_id,
    },
  }))
}

/** Customers' tags, by the customers' ids. */
export async function tagsOf(
  tx: Store['db'],
  dialect: Dialect,
  contactIds: readonly number[],
): Promise<Map<number, string[]>> {
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    contactIds.map((id) => ({ id })),
  )
  const { rows } = await sql<{ contact_id: number; tag: string }>`
    select contact_id, tag from contact_tag where contact_id in (select id from ${wanted}) order by tag`.execute(
    tx,
  )
  const tags = new Map<number, string[]>()
  for (const row of rows) tags.set(row.contact_id, [...(tags.get(row.contact_id) ?? []), row.tag])
  return tags
}

/** More outgoing messages than any allowance has: what may still count is among the last so many. */
export const SPENDINGS = 20

/** A conversation's last outgoing messages, as far as they cost. */
export async function spendingsOf(tx: Tx, conversationId: number): Promise<Spending[]> {
  const rows = await tx
    .selectFrom('message')
    .select(['state', 'sent_at'])
    .where('conversation_id', '=', conversationId)
    .where('direction', '=', 'outgoing')
    .orderBy('id', 'desc')
    .limit(SPENDINGS)
    .execute()
  return rows.flatMap(({ state, sent_at: sentAt }) => (state === null ? [] : [{ state, sentAt }]))
}

/** What is on its way to WeChat in several conversations: all that still counts after a customer's new message. */
export async function pendingOf(
  tx: Tx,
  dialect: Dialect,
  conversationIds: readonly number[],
): Promise<Map<number, Spending[]>> {
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    conversationIds.map((id) => ({ id })),
  )
  const { rows } = await sql<{ conversation_id: number; state: 'queued' | 'sending' }>`
    select conversation_id, state from message
    where state in ('queued', 'sending') and conversation_id in (select id from ${wanted})`.execute(tx)
  const pending = new Map<number, Spending[]>()
  for (const { conversation_id: id, state } of rows)
    pending.set(id, [...(pending.get(id) ?? []), { state, sentAt: null }])
  return pending
}

function byKey(found: readonly ContactAndConversation[]): Map<string, ContactAndConversation> {
  return new Map(found.map((each) => [contactKey(each.contact.appId, each.contact.openId), each]))
}
