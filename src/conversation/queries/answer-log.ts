import { sql } from 'kysely'
import { bulkRows, type Store } from '../../store/index.js'
import { headlineOf } from '../../wechat/index.js'
import { contactOpenId } from '../customer-key.js'
import type { MessageContent } from './message-view.js'

/** Something that a customer did and who answered it. Times are milliseconds since 1970. */
export interface Answered {
  /** Of the customer's message, or of the line that says that they entered. */
  readonly messageId: number
  readonly conversationId: number
  readonly appId: string
  readonly openId: string
  /** The agents' name for the customer; null where nobody named them. */
  readonly name: string | null
  readonly at: number
  /** `rule:NAME`, `bot` (handlers in code), or `nobody`: then people were asked. */
  readonly answeredBy: string
  /** WeChat's word; `event` for entering. */
  readonly msgType: string
  /** The beginning of a text, a card's title, or the session-from of an entry. */
  readonly text: string | null
}

/** How often somebody answered of late. */
export interface AnswerCount {
  readonly answeredBy: string
  readonly lastDay: number
  readonly lastWeek: number
  /** Null when they never did. */
  readonly lastAt: number | null
}

export interface AnswersAsked {
  /** Who answered; anybody when not given. */
  readonly answeredBy?: string | undefined
  /** Only those before this message. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Messages among which the latest answers are looked for. */
const LATEST = 2000
/** Of each no more are counted, so that counting takes as long with a million messages. */
export const MAX_COUNTED = 1000
const COUNTED_AT_ONCE = 50
const DAY_MS = 24 * 60 * 60 * 1000
const TEXT_MOST = 200

/** Who answered what of late, the newest first. */
export async function latestAnswers(
  { db }: Pick<Store, 'db'>,
  { answeredBy, before, limit }: AnswersAsked,
): Promise<Answered[]> {
  const page = before === undefined ? sql`` : sql`and id < ${before}`
  const columns = sql`id, conversation_id, answered_by, msg_type, content, created_at`
  const asked =
    answeredBy === undefined
      ? sql`select * from (select ${columns} from message where 0 = 0 ${page} order by id desc limit ${sql.lit(LATEST)}) as latest
          where answered_by is not null order by id desc limit ${limit}`
      : sql`select ${columns} from message where answered_by = ${answeredBy} ${page} order by id desc limit ${limit}`
  const { rows } = await sql<AnsweredRow>`
    select m.id, m.conversation_id, m.answered_by, m.msg_type, m.content, m.created_at,
      contact.app_id, ${contactOpenId} as open_id, coalesce(contact.remark, contact.name) as name
    from (${asked}) as m join conversation on conversation.id = m.conversation_id
    join contact on contact.id = conversation.contact_id order by m.id desc`.execute(db)
  return rows.map((row) => {
    const content = JSON.parse(row.content) as MessageContent
    return {
      messageId: row.id,
      conversationId: row.conversation_id,
      appId: row.app_id,
      openId: row.open_id,
      name: row.name,
      at: row.created_at,
      answeredBy: row.answered_by,
      msgType: row.msg_type === 'system' ? 'event' : row.msg_type,
      text: beginning(headlineOf(row.msg_type, content) ?? content.content ?? content.sessionFrom),
    }
  })
}

interface AnsweredRow {
  id: number
  conversation_id: number
  answered_by: string
  msg_type: string
  content: string
  created_at: number
  app_id: string
  open_id: string
  name: string | null
}

function beginning(text: string | undefined): string | null {
  if (text === undefined || text === '') return null
  return Array.from(text).slice(0, TEXT_MOST).join('')
}

/** How often each of these answered in the last day and the last seven; at most MAX_COUNTED of each are counted. */
export async function countAnswers(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  names: readonly string[],
  now: number,
): Promise<AnswerCount[]> {
  const counts: AnswerCount[] = []
  for (let i = 0; i < names.length; i += COUNTED_AT_ONCE) {
    const rows = bulkRows(
      dialect,
      { name: 'text' },
      names.slice(i, i + COUNTED_AT_ONCE).map((name) => ({ name })),
    )
    // Each one's last answers, from the index alone.
    const since = (time: number) => sql`(select count(*) from (select created_at from message
      where answered_by = rows.name order by id desc limit ${sql.lit(MAX_COUNTED)}) as latest
      where created_at >= ${time})`
    const found = await sql<AnswerCount>`
      select name as "answeredBy", ${since(now - DAY_MS)} as "lastDay", ${since(now - 7 * DAY_MS)} as "lastWeek",
        (select created_at from message where answered_by = rows.name order by id desc limit 1) as "lastAt"
      from ${rows}`.execute(db)
    counts.push(...found.rows)
    await new Promise(setImmediate)
  }
  return counts
}
