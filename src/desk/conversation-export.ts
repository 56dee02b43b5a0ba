import { sql } from 'kysely'
import { contactOpenId } from '../conversation/index.js'
import type { ConversationTable, Store } from '../store/index.js'
import { CSV_START, csvLine } from '../http/csv.js'
import type { Scope } from '../http/principal.js'
import { readSettings } from '../people/settings.js'
import { dateAndTimeIn, isoIn } from './workspace-time.js'
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
  status: ConversationTable['status']
  agent: string | null
  incoming: number
  by_bot: number
  by_people: number
  created_at: number
  seen_at: number
  updated_at: number
  /** When it was closed last, where that line is still kept. */
  closed_at: number | null
  /** Milliseconds, of the customer's waits that a person's reply ended. */
  first_response: number | null
  average_wait: number | null
  longest_wait: number | null
  waits: number
}

/** The language of the header and of statuses; a program that names none gets names for programs. */
export type TableLanguage = 'zh-CN' | 'en'

/**
 * All conversations of some Mini Programs as CSV, read page by page as they are taken, oldest first. What comes
 * and goes meanwhile is there or not, and nothing is there twice. Times are of the workspace's zone: for people
 * `2026-07-31 09:00:00`, which spreadsheets read, for programs with the zone's offset.
 */
export async function* conversationsCsv(
  store: Store,
  apps: Scope,
  language?: TableLanguage,
): AsyncGenerator<string> {
  const { zone } = await readSettings(store)
  const shown: Shown = { language, time: language === undefined ? isoIn(zone) : dateAndTimeIn(zone) }
  yield CSV_START + csvLine(columns.map(({ head }) => head[language ?? 'key']))
  for (let after = 0; ;) {
    const rows = await page(store, apps, after)
    const last = rows.at(-1)
    if (!last) return
    yield rows.map((row) => csvLine(columns.map(({ cell }) => cell(row, shown)))).join('')
    after = last.id
    // Others have their turn: reading SQLite holds the process up.
    await new Promise(setImmediate)
  }
}

interface Shown {
  readonly language: TableLanguage | undefined
  readonly time: (milliseconds: number) => string
}

interface Column {
  readonly head: { readonly key: string; readonly 'zh-CN': string; readonly en: string }
  readonly cell: (row: Row, shown: Shown) => string | number | null
}

function column(key: string, zh: string, en: string, cell: Column['cell']): Column {
  return { head: { key, 'zh-CN': zh, en }, cell }
}

const columns: readonly Column[] = [
  column('id', '会话编号', 'Conversation', (row) => row.id),
  column('appId', 'AppID', 'AppID', (row) => row.app_id),
  column('openId', 'OpenID', 'OpenID', (row) => row.open_id),
  column('name', '称呼', 'Name', (row) => row.name),
  column('remark', '备注', 'Remark', (row) => row.remark),
  column('tags', '标签', 'Tags', (row) => row.tags),
  column('status', '状态', 'Status', (row, { language }) =>
    language ? statuses[row.status][language] : row.status,
  ),
  column('agent', '客服', 'Agent', (row) => row.agent),
  column('incoming', '客户消息', 'From the customer', (row) => row.incoming),
  column('sentByBot', '机器人发送', 'Sent by the bot', (row) => row.by_bot),
  column('sentByPeople', '客服发送', 'Sent by people', (row) => row.by_people),
  column('createdAt', '首次来访', 'First seen', (row, { time }) => time(row.created_at)),
  column('seenAt', '最近来访', 'Last seen', (row, { time }) => time(row.seen_at)),
  column('updatedAt', '最近变化', 'Last change', (row, { time }) => time(row.updated_at)),
  column('closedAt', '结束时间', 'Closed', (row, { time }) =>
    row.status === 'closed' && row.closed_at !== null ? time(row.closed_at) : null,
  ),
  column('firstResponseSeconds', '首次响应（秒）', 'First response (s)', (row) =>
    seconds(row.first_response),
  ),
  column('waits', '等待次数', 'Waits', (row) => row.waits),
  column('averageWaitSeconds', '平均等待（秒）', 'Average wait (s)', (row) => seconds(row.average_wait)),
  column('longestWaitSeconds', '最长等待（秒）', 'Longest wait (s)', (row) => seconds(row.longest_wait)),
]

const statuses: Readonly<Record<Row['status'], Readonly<Record<TableLanguage, string>>>> = {
  bot: { 'zh-CN': '机器人', en: 'bot' },
  waiting: { 'zh-CN': '待接入', en: 'waiting' },
  assigned: { 'zh-CN': '人工接待', en: 'with a person' },
  closed: { 'zh-CN': '已结束', en: 'closed' },
}

function seconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds / 1000)
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
      coalesce(sum(case when m.direction = 'outgoing' and ${writtenByAgent('m.author')} then 1 else 0 end), 0) as by_people,
      max(case when m.direction = 'system' and m.content like '{"line":"close"%' then m.created_at end) as closed_at,
      (select w.at - w.since from wait w where w.conversation_id = page.id and w.ended_by = 'first'
        order by w.id limit 1) as first_response,
      (select cast(avg(w.at - w.since) as ${sql.raw(store.dialect === 'sqlite' ? 'integer' : 'bigint')}) from wait w
        where w.conversation_id = page.id and w.ended_by in ('first', 'reply')) as average_wait,
      (select max(w.at - w.since) from wait w
        where w.conversation_id = page.id and w.ended_by in ('first', 'reply')) as longest_wait,
      (select count(*) from wait w
        where w.conversation_id = page.id and w.ended_by in ('first', 'reply')) as waits
    from page left join agent on agent.id = page.agent_id left join message m on m.conversation_id = page.id
    group by page.id, page.status, page.agent_id, page.updated_at, page.contact_id, page.app_id, page.open_id, page.name,
      page.remark, page.created_at, page.seen_at, agent.name
    order by page.id`.execute(store.db)
  return rows
}
