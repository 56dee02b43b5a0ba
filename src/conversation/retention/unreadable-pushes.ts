import { sql, type Expression, type SqlBool } from 'kysely'
import type { Dialect, Store, Tx } from '../../store/index.js'
import { removeMessages } from './message-removal.js'

/** A push that is WeChat's and can't be read, of nobody who is certain. */
export interface UnreadablePush {
  readonly id: number
  readonly appId: string
  readonly receivedAt: number
  readonly format: 'json' | 'xml'
  /** Why it can't be read. */
  readonly problem: string
  /** As it came. */
  readonly plaintext: string
}

export interface UnreadableAsked {
  readonly apps: readonly string[] | 'all'
  /** Older than this one. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Those that stand in no conversation, the newest first. */
export async function listUnreadable(
  { db }: Pick<Store, 'db'>,
  { apps, before, limit }: UnreadableAsked,
): Promise<UnreadablePush[]> {
  const rows = await db
    .selectFrom('push')
    .select(['id', 'app_id', 'received_at', 'format', 'unreadable', 'plaintext'])
    .where('unreadable', 'is not', null)
    .where('open_id', '=', '')
    .$if(apps !== 'all', (query) =>
      query.where('app_id', 'in', apps === 'all' || apps.length === 0 ? [''] : apps),
    )
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    appId: row.app_id,
    receivedAt: row.received_at,
    format: row.format,
    problem: row.unreadable ?? '',
    plaintext: row.plaintext,
  }))
}

/** How many are kept, by Mini Program, in conversations or not. */
export async function countUnreadable({ db }: Pick<Store, 'db'>): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('push')
    .select((eb) => ['app_id', eb.fn.countAll<number>().as('count')])
    .where('unreadable', 'is not', null)
    .groupBy('app_id')
    .execute()
  return new Map(rows.map((row) => [row.app_id, Number(row.count as unknown)]))
}

/** Whether a push can't be read and names a customer somewhere in its text. */
export function unreadableNaming(dialect: Dialect, appId: string, openId: string): Expression<SqlBool> {
  const found = dialect === 'sqlite' ? sql`instr(plaintext, ${openId})` : sql`strpos(plaintext, ${openId})`
  return sql<SqlBool>`(unreadable is not null and app_id = ${appId} and ${found} > 0)`
}

/**
 * Deletes what names a customer among what can't be read, whoever it was of, with the lines that show it. Gives the
 * names of pictures' bytes, as removeMessages does.
 */
export async function eraseUnreadable(
  tx: Tx,
  dialect: Dialect,
  { appId, openId }: { readonly appId: string; readonly openId: string },
): Promise<string[]> {
  const pushes = await tx
    .deleteFrom('push')
    .where(unreadableNaming(dialect, appId, openId))
    .where('state', '<>', 'new')
    .returning(['id', 'open_id'])
    .execute()
  const conversations = new Set(pushes.map((push) => push.open_id).filter((id) => id !== '' && id !== openId))
  if (conversations.size === 0) return []
  const lines = await tx
    .selectFrom('message')
    .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select('message.id')
    .where('contact.app_id', '=', appId)
    .where('contact.open_id', 'in', [...conversations])
    .where('message.msg_type', '=', 'other')
    .where(
      'message.push_id',
      'in',
      pushes.map((push) => push.id),
    )
    .execute()
  return removeMessages(
    tx,
    dialect,
    lines.map((line) => line.id),
  )
}
