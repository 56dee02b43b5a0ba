import { sql } from 'kysely'
import {
  bulkRows,
  bulkStatement,
  messagesToSend,
  shardOf,
  type Dialect,
  type Tx,
  type SqlFragments,
} from '../store/index.js'
import type { OutgoingCost } from './allowance.js'
import { contactOpenIdText, storedBusinessId, storedOpenId, type Customer } from './customer-key.js'
import type { ConversationState } from './unit-of-work.js'
import type { Status } from './conversation-context.js'

/** A customer, with their conversation, as a transaction found them. */
export interface ContactAndConversation {
  readonly contact: {
    readonly id: number
    readonly appId: string
    readonly openId: string
    /** The sub-merchant that the session is with; null for the Mini Program's own. */
    readonly businessId: string | null
    readonly name: string | null
    readonly remark: string | null
    readonly sessionFrom: string | null
    readonly tags: readonly string[]
  }
  readonly conversation: ConversationState
  /** How many messages are on their way to WeChat: all that still counts after a customer's new message. */
  readonly pending: number
}

/** How exactly it is kept when a customer was last seen: what is written seldom costs little. */
const SEEN_MS = 60_000

/**
 * Finds the customers and their conversations, making those that are new, and holds them for this transaction.
 * One sighting per customer. The key of the result is contactKey.
 */
export async function openConversations(
  tx: Tx,
  dialect: Dialect,
  sightings: readonly Customer[],
  now: number,
): Promise<Map<string, ContactAndConversation>> {
  const rows = sightings.map((each) => ({ app_id: each.appId, open_id: storedOpenId(each) }))
  const found = read((await loadSeen(tx, dialect, rows)).packed)
  const stale = found.filter(({ seenAt }) => seenAt < now - SEEN_MS)
  if (stale.length > 0)
    await see(
      tx,
      dialect,
      stale.map(({ contact }) => ({ id: contact.id })),
      now,
    )
  const opened = byKey(found)
  const missing = sightings
    .filter((each) => !opened.has(contactKey(each)))
    .map((each) => ({
      app_id: each.appId,
      open_id: storedOpenId(each),
      business_id: each.businessId == null ? null : storedBusinessId(each.businessId),
      // As its pushes': those of all sessions of one customer are handled by one process.
      shard: shardOf(each.appId, each.openId),
    }))
  if (missing.length === 0) return opened
  await makeContacts(tx, dialect, missing, now)
  await makeConversations(tx, dialect, missing, now)
  const made = byKey(read((await loadSeen(tx, dialect, missing)).packed))
  return new Map([...opened, ...made])
}

const sightingColumns = { app_id: 'text', open_id: 'text' } as const
const newColumns = { ...sightingColumns, business_id: 'text', shard: 'bigint' } as const

const see = bulkStatement(
  { id: 'bigint' },
  ({ rows, value }) =>
    `update contact set seen_at = ${value(1, 'bigint')} where id in (select id from ${rows})`,
)

// In one order for all transactions, so that two never wait for each other in a circle.
const makeContacts = bulkStatement(
  newColumns,
  ({ rows, value }) => `insert into contact (app_id, open_id, business_id, created_at, seen_at)
    select app_id, open_id, business_id, ${value(1, 'bigint')}, ${value(1, 'bigint')} from ${rows} where true order by app_id, open_id
    on conflict (app_id, open_id) do nothing`,
)

const makeConversations = bulkStatement(
  newColumns,
  ({ rows, value }) => `insert into conversation (contact_id, shard, status, epoch, updated_at)
    select contact.id, rows.shard, 'bot', 0, ${value(1, 'bigint')} from ${rows}
    join contact on contact.app_id = rows.app_id and contact.open_id = rows.open_id where true order by contact.id
    on conflict (contact_id) do nothing`,
)

/** A conversation by its id, held for this transaction; undefined when there is none. */
export async function holdConversation(
  tx: Tx,
  dialect: Dialect,
  id: number,
): Promise<ContactAndConversation | undefined> {
  const [found] = read((await loadById(tx, dialect, [{ id }])).packed)
  return found
}

export function contactKey(customer: Customer): string {
  return `${customer.appId}/${storedOpenId(customer)}`
}

const loadSeen = bulkStatement(sightingColumns, (words) =>
  load(
    words,
    `${words.rows} join contact on contact.app_id = rows.app_id and contact.open_id = rows.open_id
    join conversation c on c.contact_id = contact.id`,
  ),
)

const loadById = bulkStatement({ id: 'bigint' }, (words) =>
  load(
    words,
    `${words.rows} join conversation c on c.id = rows.id join contact on contact.id = c.contact_id`,
  ),
)

const loaded = [
  'id',
  'contact_id',
  'status',
  'agent_id',
  'epoch',
  'message_seconds',
  'message_received_at',
  'enter_seconds',
  'enter_received_at',
  'corrected',
  'waiting_since',
  'last_message_id',
  'app_id',
  'open_id',
  'name',
  'remark',
  'session_from',
  'seen_at',
  'tags',
  'pending',
  'business_id',
] as const

function load({ dialect, packed }: SqlFragments, from: string): string {
  const postgres = dialect === 'postgres'
  const tags = postgres
    ? 'select json_agg(tag order by tag) from contact_tag where contact_id = contact.id'
    : 'select json_group_array(tag) from (select tag from contact_tag where contact_id = contact.id order by tag)'
  const columns = loaded.map((name) => (name === 'tags' && !postgres ? 'json(tags)' : name))
  return packed(
    columns,
    `select c.id, c.contact_id, c.status, c.agent_id, c.epoch, c.message_seconds, c.message_received_at, c.enter_seconds,
      c.enter_received_at, c.corrected, c.waiting_since, c.last_message_id,
      contact.app_id, ${contactOpenIdText} as open_id, contact.name, contact.remark, contact.session_from, contact.seen_at,
      (${tags}) as tags,
      (select count(*) from ${messagesToSend(dialect)} where conversation_id = c.id and state in ('queued', 'sending')) as pending,
      contact.business_id
    from ${from} ${postgres ? 'order by c.id for update of c' : ''}`,
  )
}

type Loaded = [
  id: number,
  contactId: number,
  status: Status,
  agentId: number | null,
  epoch: number,
  messageSeconds: number | null,
  messageReceivedAt: number | null,
  enterSeconds: number | null,
  enterReceivedAt: number | null,
  corrected: 'count' | 'window' | null,
  waitingSince: number | null,
  lastMessageId: number | null,
  appId: string,
  openId: string,
  name: string | null,
  remark: string | null,
  sessionFrom: string | null,
  seenAt: number,
  tags: string[] | null,
  pending: number,
  businessId: string | null,
]

function read(packed: string): (ContactAndConversation & { readonly seenAt: number })[] {
  return (JSON.parse(packed) as Loaded[]).map(
    ([
      id,
      contactId,
      status,
      agentId,
      epoch,
      messageSeconds,
      messageReceivedAt,
      enterSeconds,
      enterReceivedAt,
      corrected,
      waitingSince,
      lastMessageId,
      appId,
      openId,
      name,
      remark,
      sessionFrom,
      seenAt,
      tags,
      pending,
      businessId,
    ]) => ({
      contact: { id: contactId, appId, openId, businessId, name, remark, sessionFrom, tags: tags ?? [] },
      conversation: {
        id,
        contactId,
        status,
        agentId,
        epoch,
        messageSeconds,
        messageReceivedAt,
        enterSeconds,
        enterReceivedAt,
        corrected,
        waitingSince,
        lastMessageId,
      },
      seenAt,
      pending,
    }),
  )
}

/** More outgoing messages than any allowance has: what may still count is among the last so many. */
export const SPENDINGS = 20

/** A conversation's last outgoing messages, as far as they cost. */
export async function spendingsOf(tx: Tx, conversationId: number): Promise<OutgoingCost[]> {
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

/** The same of several conversations, in one statement. */
export async function spendingsOfEach(
  tx: Tx,
  dialect: Dialect,
  conversationIds: readonly number[],
): Promise<Map<number, OutgoingCost[]>> {
  const spendings = new Map<number, OutgoingCost[]>(conversationIds.map((id) => [id, []]))
  if (conversationIds.length === 0) return spendings
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    conversationIds.map((id) => ({ id })),
  )
  const latest = sql`select id from message where conversation_id = rows.id and direction = 'outgoing'
    order by id desc limit ${sql.lit(SPENDINGS)}`
  // PostgreSQL would look through all messages for a list that each conversation has of its own.
  const messages =
    dialect === 'sqlite'
      ? sql`${wanted} join message m on m.id in (${latest})`
      : sql`${wanted} cross join lateral (${latest}) as latest join message m on m.id = latest.id`
  const { rows } = await sql<OutgoingCost & { conversation_id: number }>`
    select m.conversation_id, m.state, m.sent_at as "sentAt" from ${messages}
    where m.state is not null order by m.id desc`.execute(tx)
  for (const { conversation_id: id, state, sentAt } of rows) spendings.get(id)?.push({ state, sentAt })
  return spendings
}

function byKey(found: readonly ContactAndConversation[]): Map<string, ContactAndConversation> {
  return new Map(found.map((each) => [contactKey(each.contact), each]))
}
