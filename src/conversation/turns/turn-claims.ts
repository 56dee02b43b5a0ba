import { assistantAuthor, type AssistantAuthor } from '../../protocol/author.js'
import type { Store, TurnTable } from '../../store/index.js'
import type { Selectable } from 'kysely'
import type { Shards } from '../shards.js'
import { MAX_RESTARTS } from './open-turns.js'

/** A turn whose answer this process makes. */
export interface ClaimedTurn {
  readonly id: number
  readonly conversationId: number
  readonly shard: number
  readonly epoch: number
  readonly assistant: string
  readonly author: AssistantAuthor
  readonly version: number
  readonly firstMessageId: number
  readonly lastMessageId: number
  /** How often an answer to this version was begun: more than once means that a process ended meanwhile. */
  readonly attempts: number
  /** No restart is left: the answer is made whatever the customer writes. */
  readonly isLast: boolean
  readonly deadlineAt: number
  readonly createdAt: number
}

export interface TurnClaimsOptions {
  readonly store: Store
  readonly shards: Pick<Shards, 'alone' | 'owned' | 'has' | 'hold'>
  readonly now: () => number
}

/** Which turns are due, and which of those under way are still wanted. */
export class TurnClaims {
  readonly #options: TurnClaimsOptions

  constructor(options: TurnClaimsOptions) {
    this.#options = options
  }

  /** Takes due turns of this process's shards, the longest due first, at most so many. */
  async claim(most: number): Promise<ClaimedTurn[]> {
    const { store, shards, now } = this.#options
    const owned = [...shards.owned]
    if (most === 0 || owned.length === 0) return []
    const due = await store.db
      .selectFrom('turn')
      .select(['id', 'shard'])
      .where('ended_at', 'is', null)
      .where('state', '=', 'quiet')
      .where('due_at', '<=', now())
      .where('shard', 'in', owned)
      .orderBy('due_at')
      .limit(most)
      .execute()
    if (due.length === 0) return []
    return store.db.transaction().execute(async (tx) => {
      if (
        !(await shards.hold(
          tx,
          due.map(({ shard }) => shard),
        ))
      )
        return []
      const rows = await tx
        .updateTable('turn')
        .set((eb) => ({ state: 'running', attempts: eb('attempts', '+', 1) }))
        .where(
          'id',
          'in',
          due.map(({ id }) => id),
        )
        .where('state', '=', 'quiet')
        .where('ended_at', 'is', null)
        .returningAll()
        .execute()
      return rows.map(claimed)
    })
  }

  /** Has a turn begun anew whose answer could not be written. */
  async giveBack({ id, version }: ClaimedTurn): Promise<void> {
    await this.#options.store.db
      .updateTable('turn')
      .set({ state: 'quiet', due_at: this.#options.now() })
      .where('id', '=', id)
      .where('version', '=', version)
      .where('state', '=', 'running')
      .where('ended_at', 'is', null)
      .execute()
  }

  /** Has what an earlier process began in these shards begun anew. */
  async recover(shards: readonly number[]): Promise<void> {
    const { store, now } = this.#options
    if (shards.length === 0) return
    await store.db.transaction().execute(async (tx) => {
      if (!(await this.#options.shards.hold(tx, shards))) return
      await tx
        .updateTable('turn')
        .set({ state: 'quiet', due_at: now() })
        .where('ended_at', 'is', null)
        .where('state', '=', 'running')
        .where('shard', 'in', [...shards])
        .execute()
    })
  }

  /** Returns in how many milliseconds the next turn is due; undefined where none is open. */
  async nextIn(): Promise<number | undefined> {
    const { store, shards, now } = this.#options
    const owned = [...shards.owned]
    if (owned.length === 0) return undefined
    const row = await store.db
      .selectFrom('turn')
      .select((eb) => eb.fn.min('due_at').as('at'))
      .where('ended_at', 'is', null)
      .where('state', '=', 'quiet')
      .where('shard', 'in', owned)
      .executeTakeFirst()
    return row?.at == null ? undefined : Math.max(row.at - now(), 0)
  }

  /** Returns which of these turns nobody wants an answer to any more, as it was begun. */
  async unwanted(turns: readonly ClaimedTurn[]): Promise<ClaimedTurn[]> {
    if (turns.length === 0) return []
    const rows = await this.#options.store.db
      .selectFrom('turn')
      .innerJoin('conversation', 'conversation.id', 'turn.conversation_id')
      .select(['turn.id', 'turn.version', 'turn.ended_at', 'conversation.epoch', 'conversation.status'])
      .where(
        'turn.id',
        'in',
        turns.map(({ id }) => id),
      )
      .execute()
    const standing = new Map(rows.map((row) => [row.id, row]))
    return turns.filter((turn) => {
      const row = standing.get(turn.id)
      return (
        row?.version !== turn.version ||
        row.ended_at !== null ||
        row.epoch !== turn.epoch ||
        row.status !== 'bot'
      )
    })
  }
}

function claimed(row: Selectable<TurnTable>): ClaimedTurn {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    shard: row.shard,
    epoch: row.epoch,
    assistant: row.assistant,
    author: assistantAuthor(row.assistant),
    version: row.version,
    firstMessageId: row.first_message_id,
    lastMessageId: row.last_message_id,
    attempts: row.attempts,
    isLast: row.restarts >= MAX_RESTARTS,
    deadlineAt: row.deadline_at,
    createdAt: row.created_at,
  }
}
