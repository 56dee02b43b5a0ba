import type { Store } from '../../store/index.js'

/** Somebody who took their consent back or closed their account. */
export interface Withdrawal {
  readonly id: number
  readonly appId: string
  readonly openId: string
  /** WeChat's word for what they did. */
  readonly event: string
  readonly at: number
  /** Their contact and conversation, where something is kept of them. */
  readonly contactId: number | null
  readonly conversationId: number | null
}

export interface WithdrawalsAsked {
  readonly apps: readonly string[] | 'all'
  readonly before?: number | undefined
  readonly limit: number
}

/** Those about whom nobody has decided yet, the newest first. */
export async function listWithdrawals(
  { db }: Pick<Store, 'db'>,
  { apps, before, limit }: WithdrawalsAsked,
): Promise<Withdrawal[]> {
  const rows = await db
    .selectFrom('withdrawal')
    .leftJoin('contact', (join) =>
      join
        .onRef('contact.app_id', '=', 'withdrawal.app_id')
        .onRef('contact.open_id', '=', 'withdrawal.open_id'),
    )
    .leftJoin('conversation', 'conversation.contact_id', 'contact.id')
    .select([
      'withdrawal.id',
      'withdrawal.app_id',
      'withdrawal.open_id',
      'withdrawal.event',
      'withdrawal.at',
      'contact.id as contact_id',
      'conversation.id as conversation_id',
    ])
    .$if(apps !== 'all', (query) =>
      query.where('withdrawal.app_id', 'in', apps === 'all' || apps.length === 0 ? [''] : apps),
    )
    .$if(before !== undefined, (query) => query.where('withdrawal.id', '<', before ?? 0))
    .orderBy('withdrawal.id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    appId: row.app_id,
    openId: row.open_id,
    event: row.event,
    at: row.at,
    contactId: row.contact_id,
    conversationId: row.conversation_id,
  }))
}

/** Takes one off the list; undefined when it is not there. */
export async function removeWithdrawal(
  { db }: Pick<Store, 'db'>,
  id: number,
  apps: readonly string[] | 'all',
): Promise<{ readonly appId: string } | undefined> {
  const row = await db
    .deleteFrom('withdrawal')
    .where('id', '=', id)
    .$if(apps !== 'all', (query) =>
      query.where('app_id', 'in', apps === 'all' || apps.length === 0 ? [''] : apps),
    )
    .returning('app_id')
    .executeTakeFirst()
  return row && { appId: row.app_id }
}
