import { bulkRows, type Dialect, type Store } from '../../store/index.js'
import { sql, type RawBuilder } from 'kysely'
import type { AllowanceRules } from '../allowance.js'

/** The names of people at the desk, by their ids; whoever is unknown is left out. */
export type NamesOf = (agentIds: readonly number[]) => Promise<ReadonlyMap<number, string>>

/** Where views of conversations and messages come from. */
export interface ViewSource {
  readonly store: Pick<Store, 'db' | 'dialect'>
  readonly allowance: AllowanceRules
  readonly namesOf: NamesOf
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Ids as one parameter, to be selected from: `in (${idsIn(dialect, ids)})`. */
export function idsIn(dialect: Dialect, ids: readonly number[]): RawBuilder<unknown> {
  return sql`select id from ${bulkRows(
    dialect,
    { id: 'bigint' },
    ids.map((id) => ({ id })),
  )}`
}
