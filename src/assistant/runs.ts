import type { ClaimedTurn, Purge, TurnEnded } from '../conversation/index.js'
import type { AnswerKind, RunOutcome } from '../protocol/turns.js'
import type { Store, Tx } from '../store/index.js'
import type { CandidateNote, Decision } from './decision.js'

/** One try to answer a turn, as it is kept. */
export interface Run {
  readonly id: number
  readonly conversationId: number
  readonly assistant: string
  readonly version: number | null
  readonly kind: AnswerKind | null
  readonly outcome: RunOutcome
  readonly reason: string | null
  readonly detail: string | null
  readonly model: string | null
  readonly candidates: readonly CandidateNote[]
  readonly calls: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly firstTokenMs: number | null
  readonly totalMs: number
  readonly at: number
}

/** How many answers that asked a model one customer may have. */
const A_MINUTE = 6
const A_DAY = 20
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Writes what a try came to. No text of anybody is kept. */
export async function writeRun(
  tx: Tx,
  turn: ClaimedTurn,
  version: number | null,
  decision: Decision,
  { outcome, messageId }: TurnEnded,
  now: number,
): Promise<void> {
  await tx
    .insertInto('run')
    .values({
      turn_id: turn.id,
      conversation_id: turn.conversationId,
      assistant: turn.assistant,
      assistant_version: version,
      kind: outcome === 'answered' ? kindOf(decision) : null,
      outcome,
      reason: outcome === 'no_allowance' ? 'allowance' : decision.kind === 'handoff' ? decision.reason : null,
      detail: decision.detail,
      model: decision.model,
      entries: JSON.stringify(decision.candidates),
      entry_id: outcome === 'answered' && decision.kind === 'entry' ? decision.entry.id : null,
      calls: decision.calls,
      tokens_in: decision.tokensIn,
      tokens_out: decision.tokensOut,
      first_token_ms: decision.firstTokenMs,
      total_ms: decision.totalMs,
      message_id: messageId,
      at: now,
    })
    .execute()
}

function kindOf(decision: Decision): AnswerKind | null {
  if (decision.kind === 'entry') return decision.how
  return decision.kind === 'words' ? 'words' : null
}

/** Whether a customer may have another answer that asks a model. */
export async function mayAskModel(
  { db }: Pick<Store, 'db'>,
  conversationId: number,
  now: number,
): Promise<boolean> {
  const rows = await db
    .selectFrom('run')
    .select('at')
    .where('conversation_id', '=', conversationId)
    .where('at', '>', now - DAY_MS)
    .where('calls', '>', 0)
    .orderBy('at', 'desc')
    .limit(A_DAY)
    .execute()
  return rows.length < A_DAY && rows.filter(({ at }) => at > now - MINUTE_MS).length < A_MINUTE
}

/** Returns a run; undefined where there is none, or it was deleted. */
export async function readRun({ db }: Pick<Store, 'db'>, id: number): Promise<Run | undefined> {
  const row = await db.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  return {
    id: row.id,
    conversationId: row.conversation_id,
    assistant: row.assistant,
    version: row.assistant_version,
    kind: row.kind,
    outcome: row.outcome,
    reason: row.reason,
    detail: row.detail,
    model: row.model,
    candidates: JSON.parse(row.entries) as CandidateNote[],
    calls: row.calls,
    tokensIn: row.tokens_in,
    tokensOut: row.tokens_out,
    firstTokenMs: row.first_token_ms,
    totalMs: row.total_ms,
    at: row.at,
  }
}

/** Deletes old turns with their runs, the oldest first. */
export function turnPurge(store: Pick<Store, 'db'>): Purge {
  return async (before, _from, most) => {
    const deleted = await purgeTurns(store, before, most)
    return { deleted, next: deleted === most ? 0 : undefined }
  }
}

/** Deletes turns that ended before a time, at most so many, with their runs; returns how many. */
export async function purgeTurns({ db }: Pick<Store, 'db'>, before: number, most: number): Promise<number> {
  const old = await db
    .selectFrom('turn')
    .select('id')
    .where('ended_at', '<', before)
    .orderBy('ended_at')
    .limit(most)
    .execute()
  if (old.length === 0) return 0
  await db
    .deleteFrom('turn')
    .where(
      'id',
      'in',
      old.map(({ id }) => id),
    )
    .execute()
  return old.length
}
