import { sql } from 'kysely'
import type { Logger } from '../log.js'
import { holdSetting, writeSetting, BackgroundLoop, bulkRows, type Store, type Tx } from '../store/index.js'
import { readSettings } from '../people/settings.js'
import { dayIn } from './workspace-day.js'
import { parseAuthor } from '../protocol/author.js'

const SETTING = 'messages_counted_to'
/** Messages in one transaction: a few milliseconds. */
const CHUNK = 1000
const EVERY_MS = 60_000

export interface MessageCountsOptions {
  readonly store: Store
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
}

interface MessageRow {
  id: number
  conversation_id: number
  direction: string
  author: string
  created_at: number
  app_id: string
}

/**
 * Adds messages up by day as they come, so that a report needn't read them all. Each is counted once: how far it
 * got is committed with the counts, and ids grow in commit order.
 */
export class MessageCounts {
  readonly #options: MessageCountsOptions
  readonly #loop: BackgroundLoop

  constructor(options: MessageCountsOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.catchUp(),
      everyMs: EVERY_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'messages could not be counted for reports; tried again in a minute')
      },
    })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Counts all that there is. */
  async catchUp(): Promise<undefined> {
    const { store, wait } = this.#options
    const { zone } = await readSettings(store)
    const dayOf = dayIn(zone)
    while (!this.#loop.isStopped) {
      const counted = await store.db.transaction().execute((tx) => this.#chunk(tx, dayOf))
      if (counted < CHUNK) return
      await wait(5)
    }
  }

  async #chunk(tx: Tx, dayOf: (milliseconds: number) => number): Promise<number> {
    // Held to the commit, so that one process counts at a time.
    const value = await holdSetting(tx, SETTING, '0')
    const { rows } = await sql<MessageRow>`
      select m.id, m.conversation_id, m.direction, m.author, m.created_at, contact.app_id
      from (select id, conversation_id, direction, author, created_at from message where id > ${Number(value)}
        order by id limit ${sql.lit(CHUNK)}) as m
      join conversation on conversation.id = m.conversation_id
      join contact on contact.id = conversation.contact_id order by m.id`.execute(tx)
    const last = rows.at(-1)
    if (!last) return 0
    await this.#add(tx, rows, dayOf)
    await writeSetting(tx, SETTING, String(last.id))
    return rows.length
  }

  async #add(tx: Tx, rows: readonly MessageRow[], dayOf: (milliseconds: number) => number): Promise<void> {
    const { dialect } = this.#options.store
    const counts = new Map<
      string,
      { day: number; app_id: string; kind: string; agent_id: number; count: number }
    >()
    const active = new Map<string, { day: number; app_id: string; conversation_id: number }>()
    for (const row of rows) {
      const of = kindOf(row)
      if (!of) continue
      const key = { day: dayOf(row.created_at), app_id: row.app_id }
      const name = JSON.stringify([key, of])
      const known = counts.get(name)
      if (known) known.count += 1
      else counts.set(name, { ...key, kind: of.kind, agent_id: of.agentId, count: 1 })
      if (of.kind === 'incoming')
        active.set(`${key.day}/${row.conversation_id}`, { ...key, conversation_id: row.conversation_id })
    }
    const countRows = bulkRows(
      dialect,
      { day: 'bigint', app_id: 'text', kind: 'text', agent_id: 'bigint', count: 'bigint' },
      [...counts.values()],
    )
    await sql`insert into message_count (day, app_id, kind, agent_id, count)
      select day, app_id, kind, agent_id, count from ${countRows} where true
      on conflict (day, app_id, kind, agent_id) do update set count = message_count.count + excluded.count`.execute(
      tx,
    )
    const activeRows = bulkRows(dialect, { day: 'bigint', app_id: 'text', conversation_id: 'bigint' }, [
      ...active.values(),
    ])
    await sql`insert into active_day (day, app_id, conversation_id)
      select day, app_id, conversation_id from ${activeRows} where true on conflict do nothing`.execute(tx)
  }
}

/** As what a message is counted; undefined for what is no message to or from a customer. */
function kindOf({ direction, author }: MessageRow): { kind: string; agentId: number } | undefined {
  if (direction === 'incoming') return { kind: 'incoming', agentId: 0 }
  if (direction !== 'outgoing') return undefined
  const who = parseAuthor(author)
  if (who.kind === 'agent') return { kind: 'agent', agentId: who.id }
  return { kind: who.kind === 'api' ? 'api' : 'bot', agentId: 0 }
}
