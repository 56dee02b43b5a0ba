/** A database with what the desk's list, filters and search go through. */
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { MessageIndexer } from '../modules/conversation/index.js'
import { fill } from './fill.js'
import { silent } from './subjects/rules.js'

const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, () => undefined]))

/** `store` is migrated and empty. */
export async function fillDesk(store, messages, conversations) {
  // Only here: what is lost with the power is filled again.
  if (store.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(store.db)
  await fill(store, messages, messages / conversations)
  await sql`update contact set name = '客户' || id, session_from = 'page=goods&id=' || (id % 300)`.execute(
    store.db,
  )
  await sql`insert into contact_tag (contact_id, tag) select id, '售后' from contact where id % 3 = 0`.execute(
    store.db,
  )
  await sql`insert into contact_tag (contact_id, tag) select id, 'vip' from contact where id % 500 = 0`.execute(
    store.db,
  )
  // Some sends failed: of one conversation in a hundred the last one.
  await sql`update message set state = 'failed' where id in (
    select (select max(id) from message where conversation_id = conversation.id and direction = 'outgoing')
    from conversation where conversation.id % 100 = 0)`.execute(store.db)
  // And of one in twenty the customer wrote almost two days ago.
  await sql`update conversation set message_seconds = message_seconds - 45 * 3600 where id % 20 = 0`.execute(
    store.db,
  )
  const definition = JSON.stringify(silent[0])
  await store.db.insertInto('rule').values({ position: 0, name: 'silent', enabled: 1, definition }).execute()
  await new MessageIndexer({ store, logger, wait }).catchUp()
  await sql`${sql.raw(store.dialect === 'sqlite' ? 'pragma wal_checkpoint(truncate)' : 'vacuum analyze')}`.execute(
    store.db,
  )
}
