import { sql } from 'kysely'
import { contactOpenId } from '../conversation/index.js'
import type { Store } from '../store/index.js'
import { CSV_START, csvLine } from '../http/csv.js'
import type { Scope } from '../http/principal.js'
import { writtenByAgent, writtenByBot } from '../conversation/index.js'

/** Conversations in one reading: it never takes long, and never holds more than these. */
const PAGE = 50

interface Row {
  id: number
  app_id: string
  open_id: string
  name: string | null
  remark: string | null
  tags: string | null
  status: string
  agent: string | null
  incoming: number
  by_bot: number
  by_people: number
  created_at: number
  seen_at: number
  updated_at: number
}

/**
 * All conversations of some Mini Programs as CSV, read page by page as they are taken, oldest first. What comes
 * and goes meanwhile is there or not, and nothing is there twice.
 */
export async function* conversationsCsv(store: Store, apps: Scope): AsyncGenerator<string> {
  yield CSV_START + csvLine(Object.keys(columns))
  for (let after = 0; ;) {
    const rows = await page(store, apps, after)
    const last = rows.at(-1)
    if (!last) return
    yield rows.map((row) => csvLine(Object.values(columns).map((cell) => cell(row)))).join('')
    after = last.id
    // Others have their turn: reading SQLite holds the process up.
    await new Promise(setImmediate)
  }
}

const columns: Readonly<Record<string, (row: Row) => string | number | null>> = {
  id: (row) => row.id,
  appId: (row) => row.app_id,
  openId: (row) => row.open_id,
  name: (row) => row.name,
  remark: (row) => row.remark,
  tags: (row) => row.tags,
  status: (row) => row.status,
  agent: (row) => row.agent,
  incoming: (row) => row.incoming,
  sentByBot: (row) => row.by_bot,
  sentByPeople: (row) => row.by_people,
  createdAt: (row) => time(row.created_at),
  seenAt: (row) => time(row.seen_at),
  updatedAt: (row) => time(row.updated_at),
}

async function page(store: Store, apps: Scope, after: number): Promise<Row[]> {
  if (apps !== 'all' && apps.length === 0) return []
  const inScope = apps === 'all' ? sql`true` : sql`contact.app_id in (${sql.join(apps)})`
  const tags =
    store.dialect === 'sqlite' ? sql`group_concat(tag, ' ')` : sql`string_agg(tag, ' ' order by tag)`
  const { rows } = await sql<Row>`
    with page as (
      select c.id, c.status, c.agent_id, c.updated_at, contact.id as contact_id, contact.app_id, ${contactOpenId} as open_id,
        contact.name, contact.remark, contact.created_at, contact.seen_at
      from conversation c join contact on contact.id = c.contact_id
      where c.id > ${after} and ${inScope} order by c.id limit ${sql.lit(PAGE)})
    select page.*, agent.name as agent,
      (select ${tags} from contact_tag where contact_tag.contact_id = page.contact_id) as tags,
      coalesce(sum(case when m.direction = 'incoming' then 1 else 0 end), 0) as incoming,
      coalesce(sum(case when m.direction = 'outgoing' and ${writtenByBot('m.author')} then 1 else 0 end), 0) as by_bot,
      coalesce(sum(case when m.direction = 'outgoing' and ${writtenByAgent('m.author')} then 1 else 0 end), 0) as by_people
    from page left join agent on agent.id = page.agent_id left join message m on m.conversation_id = page.id
    group by page.id, page.status, page.agent_id, page.updated_at, page.contact_id, page.app_id, page.open_id, page.name,
      page.remark, page.created_at, page.seen_at, agent.name
    order by page.id`.execute(store.db)
  return rows
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
