import { sql, type RawBuilder } from 'kysely'
import type { Dialect } from '../store/index.js'
import type { Status } from './conversing.js'
import { conversationViews, type ConversationView } from './conversation-view.js'
import { findMessages } from './message-index.js'
import { wordsOf } from './search-pieces.js'
import { idsIn, type ViewSource } from './view-source.js'

/** Which conversations are meant; what is not given keeps nothing out. */
export interface ConversationFilter {
  /** The Mini Programs that whoever asks may see. */
  readonly apps: readonly string[] | 'all'
  readonly appId?: string | undefined
  readonly statuses?: readonly Status[] | undefined
  /** Null: nobody's. */
  readonly agentId?: number | null | undefined
  /** Words, all of which the customer's openId, name, remark or tags have, or one message. */
  readonly search?: string | undefined
}

export interface ConversationPage {
  readonly items: readonly ConversationView[]
  readonly next: string | null
}

/** A place in the list: a conversation and its newest message. */
interface Place {
  readonly id: number
  readonly lastMessageId: number
}

interface Span {
  readonly cursor?: number | undefined
  readonly limit: number
  /** Of a search: from how many messages on it goes along the list instead of through them. */
  readonly most?: number
}

/** Conversations, the one with the newest message first. */
export async function listConversations(
  source: ViewSource,
  filter: ConversationFilter,
  { cursor, limit, most }: Span,
): Promise<ConversationPage> {
  const words = wordsOf(filter.search ?? '')
  const { places, goOn } =
    words.length === 0
      ? { places: await placesOf(source, filter, { cursor, limit: limit + 1 }), goOn: undefined }
      : await search(source, filter, words, {
          cursor,
          limit: limit + 1,
          ...(most === undefined ? {} : { most }),
        })
  const page = places.slice(0, limit)
  const items = await conversationViews(
    source,
    page.map(({ id }) => id),
  )
  const next = places.length > limit ? page.at(-1)?.lastMessageId : goOn
  return { items, next: next === undefined ? null : String(next) }
}

/** What a search among very many looks at in one go, and how often, until it answers with what it has. */
const CHUNK = 300
const MOST_CHUNKS = 12

interface Found {
  readonly places: readonly Place[]
  /** Where to go on looking, when it was not looked to the end. */
  readonly goOn: number | undefined
}

/** Where messages with the words are few, by their conversations; where they are many, along the list. */
async function search(
  source: ViewSource,
  filter: ConversationFilter,
  words: readonly string[],
  { cursor, limit, most }: Span,
): Promise<Found> {
  const { dialect } = source.store
  const matches = await findMessages(source.store, words, most)
  const byContact = contactHas(dialect, words)
  if (matches.all) {
    const either = sql<boolean>`(${byContact} or conversation.id in (${idsIn(dialect, matches.all)}))`
    return { places: await placesOf(source, filter, { cursor, limit }, either), goOn: undefined }
  }
  const places: Place[] = []
  let from = cursor
  for (let i = 0; i < MOST_CHUNKS; i++) {
    const span = { cursor: from, limit: CHUNK }
    const chunk = await placesOf(source, filter, span)
    const last = chunk.at(-1)
    if (!last) return { places, goOn: undefined }
    const known = new Set(
      (await placesOf(source, filter, { ...span, least: last.lastMessageId }, byContact)).map(({ id }) => id),
    )
    const among = await matches.among(chunk.map(({ id }) => id))
    places.push(...chunk.filter(({ id }) => known.has(id) || among.has(id)))
    if (places.length >= limit) return { places: places.slice(0, limit), goOn: undefined }
    if (chunk.length < CHUNK) return { places, goOn: undefined }
    from = last.lastMessageId
  }
  return { places, goOn: from }
}

async function placesOf(
  { store }: Pick<ViewSource, 'store'>,
  { statuses, agentId, appId, apps }: ConversationFilter,
  { cursor, limit, least }: Span & { readonly least?: number },
  condition?: RawBuilder<boolean>,
): Promise<Place[]> {
  const rows = await store.db
    .selectFrom('conversation')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select(['conversation.id', 'conversation.last_message_id'])
    .where('conversation.last_message_id', '<', cursor ?? Number.MAX_SAFE_INTEGER)
    .$if(least !== undefined, (query) => query.where('conversation.last_message_id', '>=', least ?? 0))
    .$if(statuses !== undefined, (query) => query.where('conversation.status', 'in', [...(statuses ?? [])]))
    .$if(agentId === null, (query) => query.where('conversation.agent_id', 'is', null))
    .$if(typeof agentId === 'number', (query) => query.where('conversation.agent_id', '=', agentId ?? 0))
    .$if(appId !== undefined, (query) => query.where('contact.app_id', '=', appId ?? ''))
    .$if(apps !== 'all', (query) => query.where('contact.app_id', 'in', apps === 'all' ? [] : [...apps]))
    .$if(condition !== undefined, (query) => query.where(condition ?? sql<boolean>`true`))
    .orderBy('conversation.last_message_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ id: row.id, lastMessageId: row.last_message_id ?? 0 }))
}

/** What is known of the customer has all the words. No sign of theirs has a meaning. */
function contactHas(dialect: Dialect, words: readonly string[]): RawBuilder<boolean> {
  const position = sql.raw(dialect === 'sqlite' ? 'instr' : 'strpos')
  const known = sql`lower(contact.open_id || ' ' || coalesce(contact.name, '') || ' ' || coalesce(contact.remark, ''))`
  const each = words.map(
    (word) => sql`(${position}(${known}, ${word}) > 0 or exists (select 1 from contact_tag
      where contact_id = contact.id and ${position}(lower(tag), ${word}) > 0))`,
  )
  return sql<boolean>`(${sql.join(each, sql` and `)})`
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
