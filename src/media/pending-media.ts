import { sql, type RawBuilder } from 'kysely'
import { readSetting, writeSetting, bulkRows, type Store } from '../store/index.js'
import { mediaIdOf } from '../wechat/index.js'

/** How many messages are looked at in one transaction. */
const PAGE = 200
const CURSOR = 'media_cursor'

/**
 * Notes which pictures the messages show that came since the last look, and wants those that nobody has. Messages
 * are numbered in commit order and the place in them is kept in the database, so a crash loses none, and the
 * push's own transaction has nothing to do. Resolves to whether there may be more.
 */
export async function notePendingMedia(store: Store, now: number): Promise<boolean> {
  // Mostly there is nothing: found by a short look at an index of messages with pictures, without a transaction.
  if ((await newMessages(store.db, await cursorOf(store.db)))[0] === undefined) return false
  return store.db.transaction().execute(async (tx) => {
    // Held, so that two processes do not note the same.
    await sql`insert into setting (key, value) values (${CURSOR}, '0')
      on conflict (key) do update set value = setting.value`.execute(tx)
    const messages = await newMessages(tx, await cursorOf(tx))
    const last = messages.at(-1)
    if (!last) return false
    const rows = messages.flatMap((message) => {
      const mediaId = mediaIdOf(message.msg_type, JSON.parse(message.content) as object)
      return mediaId === undefined
        ? []
        : [{ message_id: message.id, app_id: message.app_id, media_id: mediaId, at: message.created_at }]
    })
    const shown = bulkRows(store.dialect, columns, rows)
    await sql`insert into media (app_id, media_id, state, next_at, created_at)
      select app_id, media_id, 'wanted', ${sql.lit(now)}, min(at) from ${shown} where true group by app_id, media_id
      on conflict (app_id, media_id) do nothing`.execute(tx)
    await sql`insert into message_media (message_id, media_id)
      select rows.message_id, media.id from ${shown}
      join media on media.app_id = rows.app_id and media.media_id = rows.media_id where true
      on conflict (message_id) do nothing`.execute(tx)
    await writeSetting(tx, CURSOR, JSON.stringify(last.id))
    return messages.length === PAGE
  })
}

const columns = { message_id: 'bigint', app_id: 'text', media_id: 'text', at: 'bigint' } as const

interface NewMessage {
  id: number
  msg_type: string
  content: string
  created_at: number
  app_id: string
}

async function newMessages(db: Store['db'], after: number): Promise<NewMessage[]> {
  const { rows } = await newMessagesQuery(after).execute(db)
  return rows
}

/** Messages that may show a picture, oldest first. The index is chosen by the words that it was made with (0020-picture-types). */
export function newMessagesQuery(after: number): RawBuilder<NewMessage> {
  return sql<NewMessage>`
    select m.id, m.msg_type, m.content, m.created_at, contact.app_id
    from message m join conversation c on c.id = m.conversation_id join contact on contact.id = c.contact_id
    where m.id > ${after} and m.msg_type not in ('text', 'link', 'other', 'system')
    order by m.id limit ${sql.lit(PAGE)}`
}

async function cursorOf(db: Store['db']): Promise<number> {
  return Number((await readSetting(db, CURSOR)) ?? 0)
}
