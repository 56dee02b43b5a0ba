import { sql } from 'kysely'
import type { Store } from '../store/index.js'

export interface DaySpending {
  readonly day: string
  readonly appId: string
  readonly calls: number
  readonly tokensIn: number
  readonly tokensOut: number
}

export interface SpendingOptions {
  readonly store: Store
  /** How many tokens all calls of a day may take together. */
  readonly dailyTokens: number
  readonly now: () => number
}

/** What is put aside for a call. */
export interface Reserved {
  readonly day: string
  readonly appId: string
  readonly tokens: number
}

// China has one time zone, and no other is asked for where a day's tokens end.
const SHIFT_MS = 8 * 3_600_000

/** The day in China, such as 2026-12-01. */
export function dayOf(now: number): string {
  return new Date(now + SHIFT_MS).toISOString().slice(0, 10)
}

/**
 * The tokens of each day, of all processes together. What a call may take is put aside before it, so that calls made at
 * the same time don't take more than there is; what one that was cut off had put aside stays so until the day is over.
 */
export class Spending {
  readonly #options: SpendingOptions

  constructor(options: SpendingOptions) {
    this.#options = options
  }

  /** Puts tokens aside; undefined when the day has no more. */
  async reserve(appId: string, tokens: number): Promise<Reserved | undefined> {
    const { store, dailyTokens, now } = this.#options
    const day = dayOf(now())
    return store.db.transaction().execute(async (tx) => {
      // Held to the commit: another process waits here, and then sees this one's share.
      await tx
        .insertInto('model_spending')
        .values({ day, app_id: '', calls: 0, tokens_in: 0, tokens_out: 0, reserved: 0 })
        .onConflict((oc) =>
          oc.columns(['day', 'app_id']).doUpdateSet((eb) => ({ calls: eb.ref('model_spending.calls') })),
        )
        .execute()
      const { used } = await tx
        .selectFrom('model_spending')
        .select(sql<number>`cast(coalesce(sum(tokens_in + tokens_out + reserved), 0) as bigint)`.as('used'))
        .where('day', '=', day)
        .executeTakeFirstOrThrow()
      if (used + tokens > dailyTokens) return undefined
      await tx
        .insertInto('model_spending')
        .values({ day, app_id: appId, calls: 0, tokens_in: 0, tokens_out: 0, reserved: tokens })
        .onConflict((oc) =>
          oc
            .columns(['day', 'app_id'])
            .doUpdateSet((eb) => ({ reserved: eb('model_spending.reserved', '+', tokens) })),
        )
        .execute()
      return { day, appId, tokens }
    })
  }

  /** Notes what a call took in the place of what was put aside for it. */
  async settle(
    { day, appId, tokens }: Reserved,
    took: { readonly tokensIn: number; readonly tokensOut: number } | undefined,
  ): Promise<void> {
    await this.#options.store.db
      .updateTable('model_spending')
      .set((eb) => ({
        reserved: eb('reserved', '-', tokens),
        calls: eb('calls', '+', 1),
        tokens_in: eb('tokens_in', '+', took?.tokensIn ?? 0),
        tokens_out: eb('tokens_out', '+', took?.tokensOut ?? 0),
      }))
      .where('day', '=', day)
      .where('app_id', '=', appId)
      .execute()
  }

  /** The last days, newest first. */
  async days(most: number): Promise<DaySpending[]> {
    const rows = await this.#options.store.db
      .selectFrom('model_spending')
      .selectAll()
      .where('app_id', '<>', '')
      .orderBy('day', 'desc')
      .orderBy('app_id')
      .limit(most)
      .execute()
    return rows.map((row) => ({
      day: row.day,
      appId: row.app_id,
      calls: row.calls,
      tokensIn: row.tokens_in,
      tokensOut: row.tokens_out,
    }))
  }
}
