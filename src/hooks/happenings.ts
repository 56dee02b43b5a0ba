import { sql } from 'kysely'
import { readFeed } from '../conversation/index.js'
import { bulkRows, type Store } from '../store/index.js'
import { eventOf, type HookEvent } from './event.js'

/** Something of the feed that endpoints are told, with what they are told of it. */
export interface Happening {
  readonly event: HookEvent
  readonly onceKey: string
  readonly sequence: number
  readonly appId: string
  readonly conversationId: number
  readonly body: string
}

/** A piece of the feed. */
export interface FeedPiece {
  readonly happenings: readonly Happening[]
  /** The last number that it reaches to; undefined when nothing came after the one asked for. */
  readonly upTo: number | undefined
  /** Some of what came after the number asked for was pruned already. */
  readonly pruned: boolean
}

const PAGE = 200

/** What happened after a number, in commit order. */
export async function happeningsAfter(store: Store, after: number): Promise<FeedPiece> {
  const { items, reset } = await readFeed(store, after, PAGE)
  const ids = new Set(items.flatMap(({ messageId }) => (messageId === null ? [] : [messageId])))
  const messages = new Map((await messagesOf(store, [...ids])).map((row) => [row.id, row]))
  const happenings = items.flatMap(({ messageId, sequence, at }): Happening[] => {
    const row = messageId === null ? undefined : messages.get(messageId)
    if (!row) return []
    const content = JSON.parse(row.content) as Record<string, unknown>
    const line = typeof content['line'] === 'string' ? content['line'] : undefined
    const told = eventOf({ ...row, line })
    if (!told) return []
    const body = JSON.stringify({
      type: told.event,
      timestamp: new Date(at).toISOString(),
      data: { sequence, conversation: conversationOf(row), ...detailsOf(row, content) },
    })
    return [{ ...told, sequence, appId: row.app_id, conversationId: row.conversation_id, body }]
  })
  return { happenings, upTo: items.at(-1)?.sequence, pruned: reset }
}

interface MessageRow {
  readonly id: number
  readonly conversation_id: number
  readonly direction: 'incoming' | 'outgoing' | 'note' | 'system'
  readonly author: string
  readonly content: string
  readonly state: string | null
  readonly attempts: number
  readonly errcode: number | null
  readonly problem: string | null
  readonly rid: string | null
  readonly created_at: number
  readonly sent_at: number | null
  readonly status: string
  readonly agent_id: number | null
  readonly contact_id: number
  readonly app_id: string
  readonly open_id: string
  readonly name: string | null
  readonly remark: string | null
  readonly session_from: string | null
  /** json */
  readonly tags: string
}

async function messagesOf({ db, dialect }: Store, ids: readonly number[]): Promise<readonly MessageRow[]> {
  if (ids.length === 0) return []
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    ids.map((id) => ({ id })),
  )
  const tags =
    dialect === 'postgres'
      ? sql`coalesce((select json_agg(tag order by tag) from contact_tag where contact_id = c.contact_id), '[]')::text`
      : sql`(select json_group_array(tag) from (select tag from contact_tag where contact_id = c.contact_id order by tag))`
  const { rows } = await sql<MessageRow>`
    select m.id, m.conversation_id, m.direction, m.author, m.content, m.state, m.attempts, m.errcode, m.problem, m.rid,
      m.created_at, m.sent_at, c.status, c.agent_id, c.contact_id, contact.app_id, contact.open_id, contact.name,
      contact.remark, contact.session_from, ${tags} as tags
    from message m join conversation c on c.id = m.conversation_id join contact on contact.id = c.contact_id
    where m.id in (select id from ${wanted})`.execute(db)
  return rows
}

/** The conversation as it stands when it is told of: that may be a moment later. */
function conversationOf(row: MessageRow): object {
  return {
    id: row.conversation_id,
    appId: row.app_id,
    openId: row.open_id,
    status: row.status,
    agentId: row.agent_id,
    contact: {
      id: row.contact_id,
      name: row.name,
      remark: row.remark,
      sessionFrom: row.session_from,
      tags: JSON.parse(row.tags) as string[],
    },
  }
}

function detailsOf(row: MessageRow, content: Record<string, unknown>): object {
  if (row.direction === 'system') {
    const { reason, sessionFrom, agentId, to } = content
    return {
      ...(reason === undefined ? {} : { reason }),
      ...(sessionFrom === undefined ? {} : { sessionFrom }),
      // Who did it: a person by id; null is a program, or the service itself.
      ...(agentId === undefined ? {} : { by: agentId }),
      ...(to === undefined ? {} : { to }),
    }
  }
  return {
    message: {
      ...content,
      id: row.id,
      conversationId: row.conversation_id,
      direction: row.direction,
      author: row.author,
      state: row.state,
      createdAt: row.created_at,
      sentAt: row.sent_at,
      errcode: row.errcode,
      problem: row.problem,
      rid: row.rid,
    },
  }
}
