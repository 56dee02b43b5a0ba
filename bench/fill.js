/**
 * Fills an empty database with a year of a shop's messages: what customers wrote and what they were answered, in
 * turns, each kept with its push and its entry in the feed.
 */
import { sql } from 'kysely'
import { openIdOf } from './pushes.js'
import { secrets } from './secrets.js'
import { reply } from './subjects/rules.js'

/** Of one conversation, when not said otherwise. */
const MESSAGES = 20
const YEAR_MS = 365 * 24 * 3600 * 1000

/** `store` is migrated and empty. Messages come in turns from all conversations, as they do in a shop. */
export async function fill(store, messages, each = MESSAGES) {
  const conversations = Math.max(Math.ceil(messages / each), 1)
  const end = Date.now() - 60_000
  const dialect = store.dialect === 'sqlite' ? sqlite : postgres
  const series = (count) => dialect.series(count)
  const at = sql`${sql.lit(end - YEAR_MS)} + cast(i * ${sql.lit(YEAR_MS / messages)} as ${sql.raw(dialect.big)})`
  const conversation = sql`1 + (i - 1) % ${sql.lit(conversations)}`
  // In its conversation, from 0 on: even ones are the customer's.
  const turn = sql`(i - 1) / ${sql.lit(conversations)}`
  const incoming = sql`${turn} % 2 = 0`
  const openId = (number) => sql`${sql.lit(openIdOf(0).slice(0, -5))} || ${dialect.padded(number)}`
  const text = sql`'{"msgType":"text","content":"订单 ' || i || ' 三天了还没有发货,麻烦帮我查一下,谢谢。"}'`

  await store.db.transaction().execute(async (tx) => {
    const run = (query) => query.execute(tx)
    await run(sql`insert into contact (app_id, open_id, created_at, seen_at)
      select ${sql.lit(secrets.appId)}, ${openId(sql`(i - 1)`)}, ${sql.lit(end - YEAR_MS)}, ${sql.lit(end)} from ${series(conversations)}`)
    await run(sql`insert into conversation (contact_id, shard, status, epoch, message_seconds, message_received_at,
        last_message_id, updated_at, waiting_since)
      select i, i % 64, case when i % 10 = 0 then 'waiting' when i % 3 = 0 then 'closed' else 'bot' end, 0,
        ${sql.lit(Math.floor(end / 1000))}, ${sql.lit(end)}, 2 * (${sql.lit(messages - conversations)} + i), ${sql.lit(end)},
        case when i % 10 = 0 then ${sql.lit(end)} end
      from ${series(conversations)}`)
    await run(sql`insert into push (dedupe_key, app_id, open_id, shard, format, plaintext, state, attempts, answer, received_at)
      select ${sql.lit(secrets.appId)} || ':' || ${openId(sql`((i - 1) % ${sql.lit(conversations)})`)} || ':' || ((${at}) / 1000) || ':' || i,
        ${sql.lit(secrets.appId)}, ${openId(sql`((i - 1) % ${sql.lit(conversations)})`)}, i % 64, 'json',
        '{"ToUserName":"gh_97417a04a28d","FromUserName":"","CreateTime":1,"MsgType":"text","Content":' || ${text} || '}',
        'handled', 1, 'success', ${at}
      from ${series(messages)} where ${incoming}`)
    await run(sql`insert into message (id, conversation_id, direction, author, msg_type, content, state, once_key, epoch,
        attempts, created_at, sent_at)
      select 2 * i, ${conversation},
        case when ${incoming} then 'incoming' else 'outgoing' end,
        case when ${incoming} then 'contact' else 'rule:order' end, 'text',
        case when ${incoming} then ${text} else ${sql.lit(JSON.stringify({ msgType: 'text', content: reply }))} end,
        case when ${incoming} then null else 'accepted' end,
        case when ${incoming} then null else 'push:' || i || ':0:0123456789abcdef' end, 0, 0, ${at},
        case when ${incoming} then null else ${at} end
      from ${series(messages)}`)
    await run(sql`insert into feed (sequence, kind, conversation_id, data, at)
      select 2 * i + 1, 'message', ${conversation}, '{"messageId":' || (2 * i) || '}', ${at} from ${series(messages)}`)
    await run(sql`update sequence set value = ${sql.lit(2 * messages + 1)} where name = 'workspace'`)
  })
  await dialect.settle(store)
}

const sqlite = {
  big: 'integer',
  series: (count) =>
    sql`(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${sql.lit(count)}) select i from n) as n`,
  padded: (number) => sql`printf('%05d', ${number})`,
  // The write-ahead log of the whole filling goes into the file, as it would have long before.
  settle: (store) => sql`pragma wal_checkpoint(truncate)`.execute(store.db),
}

const postgres = {
  big: 'bigint',
  series: (count) => sql`generate_series(1, ${sql.lit(count)}::bigint) as n(i)`,
  padded: (number) => sql`lpad((${number})::text, 5, '0')`,
  settle: (store) => sql`vacuum analyze`.execute(store.db),
}
