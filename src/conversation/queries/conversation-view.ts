import { sql } from 'kysely'
import { allowanceOf, type Allowance, type AllowanceRules, type OutgoingCost } from '../allowance.js'
import { contactOpenId } from '../customer-key.js'
import { SPENDINGS } from '../conversation-rows.js'
import { tagsOf } from '../tags.js'
import type { OpenTurnState } from '../../protocol/turns.js'
import type { Status } from '../conversation-context.js'
import type { MessageState } from '../message-state.js'
import { messageViews, type MessageView } from './message-view.js'
import { TRANSFERRED } from '../system-line.js'
import { idsIn, type ViewSource } from './view-source.js'

/** A conversation as pages and programs see it. */
export interface ConversationView {
  readonly id: number
  readonly appId: string
  readonly openId: string
  /** The sub-merchant that the session is with; null for the Mini Program's own. */
  readonly businessId: string | null
  readonly status: Status
  readonly agent: { readonly id: number; readonly name: string } | null
  readonly epoch: number
  readonly sequence: number
  readonly allowance: Allowance & { readonly limit: number }
  /** Why nobody can reply here, whatever WeChat would allow; null when they can. */
  readonly replyProblem: 'business' | null
  readonly contact: {
    readonly id: number
    readonly name: string | null
    readonly remark: string | null
    readonly sessionFrom: string | null
    readonly tags: readonly string[]
    readonly createdAt: number
    readonly seenAt: number
  }
  readonly lastMessage: MessageView | null
  readonly unread: number
  readonly waitingSince: number | null
  readonly failed: boolean
  readonly transferredAt: number | null
  /** What an assistant is to answer; null where nothing is. */
  readonly turn: { readonly state: OpenTurnState; readonly since: number } | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** More unread messages than this are not counted. */
const MAX_UNREAD = 100

interface Row {
  id: number
  contact_id: number
  status: Status
  agent_id: number | null
  epoch: number
  sequence: number
  message_seconds: number | null
  message_received_at: number | null
  enter_seconds: number | null
  enter_received_at: number | null
  corrected: 'count' | 'window' | null
  waiting_since: number | null
  last_message_id: number | null
  updated_at: number
  app_id: string
  open_id: string
  business_id: string | null
  name: string | null
  remark: string | null
  session_from: string | null
  created_at: number
  seen_at: number
  unread: number
  transferred_at: number | null
  turn_state: OpenTurnState | null
  turn_since: number | null
}

/**
 * Conversations by their ids, in the order of these; those that are gone are left out. A fixed number of queries,
 * however many they are.
 */
export async function conversationViews(
  source: ViewSource,
  ids: readonly number[],
): Promise<ConversationView[]> {
  if (ids.length === 0) return []
  const { store, namesOf, allowance: rules, now } = source
  const wanted = idsIn(store.dialect, ids)
  const { rows } = await sql<Row>`
    select c.id, c.contact_id, c.status, c.agent_id, c.epoch,
      (select value from sequence where name = 'workspace') as sequence, c.message_seconds, c.message_received_at, c.enter_seconds,
      c.enter_received_at, c.corrected, c.waiting_since, c.last_message_id, c.updated_at,
      contact.app_id, ${contactOpenId} as open_id, contact.business_id, contact.name, contact.remark,
      contact.session_from, contact.created_at,
      contact.seen_at,
      (select count(*) from (select 1 from message m where m.conversation_id = c.id and m.id > coalesce(c.read_message_id, 0)
        and m.direction = 'incoming' limit ${sql.lit(MAX_UNREAD)}) as unread_messages) as unread,
      (select m.created_at from message m where m.conversation_id = c.id and m.content = ${sql.lit(TRANSFERRED)}
        and not exists (select 1 from message later where later.conversation_id = c.id and later.id > m.id
          and later.direction = 'incoming') order by m.id desc limit 1) as transferred_at,
      turn.state as turn_state, turn.created_at as turn_since
    from conversation c join contact on contact.id = c.contact_id
      left join turn on turn.conversation_id = c.id and turn.ended_at is null and turn.epoch = c.epoch
    where c.id in (${wanted})`.execute(store.db)
  const [tags, lastMessages, outgoing, names] = await Promise.all([
    tagsOf(
      store.db,
      store.dialect,
      rows.map((row) => row.contact_id),
    ),
    messageViews(
      source,
      rows.flatMap((row) => row.last_message_id ?? []),
    ),
    latestOutgoing(source, ids),
    namesOf([...new Set(rows.flatMap((row) => row.agent_id ?? []))]),
  ])
  const views = new Map(
    rows.map((row) => {
      const spendings = outgoing.get(row.id) ?? []
      return [
        row.id,
        {
          id: row.id,
          appId: row.app_id,
          openId: row.open_id,
          businessId: row.business_id,
          status: row.status,
          agent: row.agent_id === null ? null : { id: row.agent_id, name: names.get(row.agent_id) ?? '' },
          epoch: row.epoch,
          sequence: row.sequence,
          allowance: allowanceViewOf(row, spendings, rules, now()),
          replyProblem: row.business_id === null ? null : 'business',
          contact: {
            id: row.contact_id,
            name: row.name,
            remark: row.remark,
            sessionFrom: row.session_from,
            tags: tags.get(row.contact_id) ?? [],
            createdAt: row.created_at,
            seenAt: row.seen_at,
          },
          lastMessage: lastMessages.get(row.last_message_id ?? 0) ?? null,
          unread: row.unread,
          waitingSince: row.waiting_since,
          failed: spendings.some(({ state }) => state === 'failed' || state === 'unknown'),
          transferredAt: row.transferred_at,
          turn:
            row.turn_state === null || row.turn_since === null
              ? null
              : { state: row.turn_state, since: row.turn_since },
          createdAt: row.created_at,
          updatedAt: row.updated_at,
        } satisfies ConversationView,
      ]
    }),
  )
  return ids.flatMap((id) => views.get(id) ?? [])
}

function allowanceViewOf(
  row: Row,
  spendings: readonly OutgoingCost[],
  rules: AllowanceRules,
  now: number,
): ConversationView['allowance'] {
  const allowance = allowanceOf(
    {
      messageSeconds: row.message_seconds,
      messageReceivedAt: row.message_received_at,
      enterSeconds: row.enter_seconds,
      enterReceivedAt: row.enter_received_at,
      corrected: row.corrected,
    },
    spendings,
    rules,
    now,
  )
  const limits = { message: rules.afterMessage, enter: rules.afterEnter, none: 0 }
  return { ...allowance, limit: limits[allowance.source] }
}

interface Outgoing {
  conversation_id: number
  state: MessageState
  sent_at: number | null
}

/** Each conversation's last outgoing messages: what may still cost, and what may have failed. */
async function latestOutgoing(
  { store }: ViewSource,
  ids: readonly number[],
): Promise<Map<number, OutgoingCost[]>> {
  const newest = sql`select conversation_id, state, sent_at, id from message
    where conversation_id = c.id and direction = 'outgoing' order by id desc limit ${sql.lit(SPENDINGS)}`
  const wanted = idsIn(store.dialect, ids)
  // PostgreSQL would go through all messages for the one, and SQLite does not know the other.
  const { rows } = await (
    store.dialect === 'postgres'
      ? sql<Outgoing>`select m.conversation_id, m.state, m.sent_at
          from (${wanted}) as c cross join lateral (${newest}) as m`
      : sql<Outgoing>`select m.conversation_id, m.state, m.sent_at
          from (${wanted}) as c join message m on m.id in (select id from (${newest}))`
  ).execute(store.db)
  const latest = new Map<number, OutgoingCost[]>()
  for (const { conversation_id: id, state, sent_at: sentAt } of rows) {
    const known = latest.get(id)
    if (known) known.push({ state, sentAt })
    else latest.set(id, [{ state, sentAt }])
  }
  return latest
}
