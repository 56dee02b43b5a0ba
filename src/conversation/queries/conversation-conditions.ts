import { sql, type RawBuilder } from 'kysely'
import { limits } from '../../wechat/index.js'
import type { ConversationFilter } from './conversation-list.js'
import { conversationsWithField } from './session-field-filter.js'
import { SPENDINGS } from '../conversation-rows.js'
import { idsIn, type ViewSource } from './view-source.js'

/** Conversations. Up to so many that a filter leaves over are taken one by one. */
const MAX_TAKEN_SINGLY = 2000

/** Until when WeChat takes answers to the customer's last message, in milliseconds; null when it does not. */
export const windowEnd = sql`case when conversation.corrected is null
  then (conversation.message_seconds + ${sql.lit(limits.allowanceAfterMessage.seconds)}) * 1000 end`

/** Returns the conditions of a filter on a row of `conversation` joined with its `contact`, in SQL; all of it must hold. */
export async function conditionsOf(
  source: Pick<ViewSource, 'store' | 'now'>,
  filter: ConversationFilter,
  few = MAX_TAKEN_SINGLY,
): Promise<RawBuilder<boolean>[]> {
  const { statuses, agentId, appId, apps, tag, sessionFrom, sessionField, failed, expiresWithinHours } =
    filter
  const all: RawBuilder<boolean>[] = []
  const add = (condition: RawBuilder<unknown>): void => {
    all.push(sql<boolean>`${condition}`)
  }
  if (statuses !== undefined) add(sql`conversation.status in (${sql.join(statuses)})`)
  if (agentId === null) add(sql`conversation.agent_id is null`)
  else if (agentId !== undefined) add(sql`conversation.agent_id = ${agentId}`)
  if (appId !== undefined) add(sql`contact.app_id = ${appId}`)
  if (apps !== 'all') add(apps.length === 0 ? sql`false` : sql`contact.app_id in (${sql.join(apps)})`)
  if (expiresWithinHours !== undefined) {
    const now = source.now()
    add(sql`(${windowEnd} > ${now} and ${windowEnd} <= ${now + expiresWithinHours * 3_600_000})`)
  }
  if (tag !== undefined) {
    add(sql`exists (select 1 from contact_tag where contact_id = contact.id and tag = ${tag})`)
    const ofTag = sql`select conversation.id from contact_tag
      join conversation on conversation.contact_id = contact_tag.contact_id where tag = ${tag}`
    all.push(...(await ifFew(source, ofTag, few)))
  }
  if (sessionFrom !== undefined) {
    add(sql`contact.session_from = ${sessionFrom}`)
    const ofSource = sql`select conversation.id from contact
      join conversation on conversation.contact_id = contact.id where session_from = ${sessionFrom}`
    all.push(...(await ifFew(source, ofSource, few)))
  }
  if (sessionField !== undefined) {
    const ids = await conversationsWithField(source, sessionField)
    add(sql`conversation.id in (${idsIn(source.store.dialect, ids)})`)
  }
  if (failed !== undefined) add(failed ? hasFailed : sql`not ${hasFailed}`)
  if (failed === true)
    all.push(
      ...(await ifFew(
        source,
        sql`select distinct conversation_id as id from message where ${wentWrong}`,
        few,
      )),
    )
  return all
}

const wentWrong = sql`state in ('failed', 'unknown')`

/** Among the last outgoing messages; those before are forgotten, as in the view. */
const hasFailed = sql`exists (select 1 from message where conversation_id = conversation.id and ${wentWrong}
  and id >= coalesce((select id from message where conversation_id = conversation.id and direction = 'outgoing'
    order by id desc limit 1 offset ${sql.lit(SPENDINGS - 1)}), 0))`

/**
 * The conversations themselves where a filter leaves few; where it leaves many, nothing: then the list is gone
 * along, and a page of them is soon found.
 */
async function ifFew(
  { store: { db, dialect } }: Pick<ViewSource, 'store'>,
  ids: RawBuilder<unknown>,
  few: number,
): Promise<RawBuilder<boolean>[]> {
  const { rows } = await sql<{ id: number }>`${ids} limit ${sql.lit(few + 1)}`.execute(db)
  if (rows.length > few) return []
  const wanted = rows.map(({ id }) => id)
  return [sql<boolean>`conversation.id in (${idsIn(dialect, wanted)})`]
}
