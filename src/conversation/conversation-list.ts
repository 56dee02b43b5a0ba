import { sql } from 'kysely'
import type { Status } from './conversing.js'
import { conversationViews, type ConversationView } from './conversation-view.js'
import type { ViewSource } from './view-source.js'

/** Which conversations are meant; what is not given keeps nothing out. */
export interface ConversationFilter {
  /** The Mini Programs that whoever asks may see. */
  readonly apps: readonly string[] | 'all'
  readonly appId?: string | undefined
  readonly statuses?: readonly Status[] | undefined
  /** Null: nobody's. */
  readonly agentId?: number | null | undefined
}

export interface ConversationPage {
  readonly items: readonly ConversationView[]
  readonly next: string | null
}

/** Conversations, the one with the newest message first. */
export async function listConversations(
  source: ViewSource,
  filter: ConversationFilter,
  { cursor, limit }: { cursor?: number | undefined; limit: number },
): Promise<ConversationPage> {
  const { statuses, agentId, appId, apps } = filter
  const rows = await source.store.db
    .selectFrom('conversation')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select(['conversation.id', 'conversation.last_message_id'])
    .where('conversation.last_message_id', '<', cursor ?? Number.MAX_SAFE_INTEGER)
    .$if(statuses !== undefined, (query) => query.where('conversation.status', 'in', [...(statuses ?? [])]))
    .$if(agentId === null, (query) => query.where('conversation.agent_id', 'is', null))
    .$if(typeof agentId === 'number', (query) => query.where('conversation.agent_id', '=', agentId ?? 0))
    .$if(appId !== undefined, (query) => query.where('contact.app_id', '=', appId ?? ''))
    .$if(apps !== 'all', (query) => query.where('contact.app_id', 'in', apps === 'all' ? [] : [...apps]))
    .orderBy('conversation.last_message_id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const items = await conversationViews(
    source,
    page.map(({ id }) => id),
  )
  return { items, next: rows.length > limit ? String(page.at(-1)?.last_message_id) : null }
}

/** How many conversations each tab of the desk has; `mine` are those of an agent. */
export async function countConversations(
  { store }: Pick<ViewSource, 'store'>,
  { apps, agentId }: { apps: readonly string[] | 'all'; agentId: number | null },
): Promise<{ waiting: number; mine: number; bot: number; all: number }> {
  const rows = await store.db
    .selectFrom('conversation')
    .$if(apps !== 'all', (query) =>
      query
        .innerJoin('contact', 'contact.id', 'conversation.contact_id')
        .where('contact.app_id', 'in', apps === 'all' ? [] : [...apps]),
    )
    .select(['conversation.status', sql<number>`count(*)`.as('count')])
    .select(sql<number>`sum(case when agent_id = ${agentId ?? 0} then 1 else 0 end)`.as('mine'))
    .where('conversation.status', '!=', 'closed')
    .groupBy('conversation.status')
    .execute()
  const count = (status: Status): number => rows.find((row) => row.status === status)?.count ?? 0
  return {
    waiting: count('waiting'),
    mine: rows.find((row) => row.status === 'assigned')?.mine ?? 0,
    bot: count('bot'),
    all: rows.reduce((sum, row) => sum + row.count, 0),
  }
}
