import { sql, type RawBuilder } from 'kysely'
import { conditionsOf, windowEnd } from './conversation-conditions.js'
import type { Status } from '../conversation-context.js'
import { conversationViews, type ConversationView } from './conversation-view.js'
import { findMessages } from './message-index.js'
import type { SessionField } from './session-field-filter.js'
import { contactHas } from './contact-search.js'
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
  /** A tag that the customer has. */
  readonly tag?: string | undefined
  /** The customer's last `session-from`, as it came. */
  readonly sessionFrom?: string | undefined
  /** A field that the customer's last `session-from` has. */
  readonly sessionField?: SessionField | undefined
  /** One of the latest outgoing messages is failed or unknown, as ConversationView.failed says. */
  readonly failed?: boolean | undefined
  /** The time to answer the customer's last message ends within so many hours. */
  readonly expiresWithinHours?: number | undefined
  /** Words, all of which the customer's openId, name, remark or tags have, or one message. */
  readonly search?: string | undefined
}

/** The newest message first, who waits longest first, or whose time to be answered ends soonest first. */
export const conversationSorts = ['recent', 'waiting', 'expiring'] as const
export type ConversationSort = (typeof conversationSorts)[number]

export interface ConversationPage {
  readonly items: readonly ConversationView[]
  readonly next: string | null
}

/** A place in the list: a conversation, what it is sorted by, and its newest message. */
interface Place {
  readonly id: number
  readonly key: number
  readonly lastMessageId: number
}

type After = Omit<Place, 'id'>

interface Span {
  /** A page's `next`. */
  readonly cursor?: string | undefined
  /** `recent` when not given; what is searched for comes in that order always. */
  readonly sort?: ConversationSort | undefined
  readonly limit: number
  /** Of what was found so many are taken one by one; where they are more it goes along the list instead. */
  readonly most?: number
}

/** Conversations, a page at a time. */
export async function listConversations(
  source: ViewSource,
  filter: ConversationFilter,
  { cursor, sort = 'recent', limit, most }: Span,
): Promise<ConversationPage> {
  const words = wordsOf(filter.search ?? '')
  const conditions = await conditionsOf(source, filter, most)
  const after = cursor === undefined ? undefined : placeOf(cursor)
  const { places, goOn } =
    words.length === 0
      ? { places: await placesOf(source, conditions, { after, sort, limit: limit + 1 }), goOn: undefined }
      : await search(source, conditions, words, { after, limit: limit + 1, most })
  const page = places.slice(0, limit)
  const items = await conversationViews(
    source,
    page.map(({ id }) => id),
  )
  const next = places.length > limit ? page.at(-1) : goOn
  return { items, next: next === undefined ? null : cursorOf(next) }
}

/** Returns the cursor. A list by the newest message has that alone. */
function cursorOf({ key, lastMessageId }: After): string {
  return key === lastMessageId ? String(key) : `${key}.${lastMessageId}`
}

function placeOf(cursor: string): After {
  const [key = 0, lastMessageId = key] = cursor.split('.').map(Number)
  return { key, lastMessageId }
}

/** Conversations that a search looks at in one go; after so many goes it answers with its finds so far. */
const CHUNK = 300
const MAX_CHUNKS = 12

interface Found {
  readonly places: readonly Place[]
  /** Where to go on looking, when it was not looked to the end. */
  readonly goOn: Place | undefined
}

/** Where messages with the words are few, by their conversations; where they are many, along the list. */
async function search(
  source: ViewSource,
  conditions: readonly RawBuilder<boolean>[],
  words: readonly string[],
  { after, limit, most }: { after: After | undefined; limit: number; most: number | undefined },
): Promise<Found> {
  const { dialect } = source.store
  const matches = await findMessages(source.store, words, most)
  const byContact = contactHas(dialect, words)
  if (matches.all) {
    const either = sql<boolean>`(${byContact} or conversation.id in (${idsIn(dialect, matches.all)}))`
    return { places: await placesOf(source, [...conditions, either], { after, limit }), goOn: undefined }
  }
  const places: Place[] = []
  let from = after
  for (let i = 0; ; i++) {
    const chunk = await placesOf(source, conditions, { after: from, limit: CHUNK })
    const last = chunk.at(-1)
    if (!last) return { places, goOn: undefined }
    const ids = chunk.map(({ id }) => id)
    const inChunk = sql<boolean>`conversation.id in (${idsIn(dialect, ids)})`
    const known = new Set(
      (await placesOf(source, [inChunk, byContact], { limit: CHUNK })).map(({ id }) => id),
    )
    const among = await matches.among(ids)
    places.push(...chunk.filter(({ id }) => known.has(id) || among.has(id)))
    if (places.length >= limit) return { places: places.slice(0, limit), goOn: undefined }
    if (chunk.length < CHUNK) return { places, goOn: undefined }
    if (i + 1 === MAX_CHUNKS) return { places, goOn: last }
    from = last
  }
}

/** Sorts a row without a value last. */
const LAST = sql.lit(Number.MAX_SAFE_INTEGER)

async function placesOf(
  { store, now }: Pick<ViewSource, 'store' | 'now'>,
  conditions: readonly RawBuilder<boolean>[],
  { after, limit, sort = 'recent' }: { after?: After | undefined; limit: number; sort?: ConversationSort },
): Promise<Place[]> {
  const place = sql.ref('conversation.last_message_id')
  const key = {
    recent: place,
    waiting: sql`coalesce(conversation.waiting_since, ${LAST})`,
    expiring: sql`case when ${windowEnd} > ${now()} then ${windowEnd} else ${LAST} end`,
  }[sort]
  const isRecent = sort === 'recent'
  // Also at the beginning: a conversation in which nothing was said has no place.
  const behind =
    isRecent || !after
      ? sql`${place} < ${isRecent && after ? after.key : LAST}`
      : sql`(${key} > ${after.key} or (${key} = ${after.key} and ${place} < ${after.lastMessageId}))`
  const order = isRecent ? sql`${place} desc` : sql`${key}, ${place} desc`
  const { rows } = await sql<Place>`
    select conversation.id, ${key} as key, ${place} as "lastMessageId"
    from conversation join contact on contact.id = conversation.contact_id
    where ${sql.join([behind, ...conditions], sql` and `)} order by ${order} limit ${limit}`.execute(store.db)
  return rows
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
