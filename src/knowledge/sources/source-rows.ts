import type { Selectable } from 'kysely'
import { fromJson, type KnowledgeSourceTable } from '../../store/index.js'
import { sourceProblems, type SourceProblem } from '../../protocol/source-problems.js'

/** How many entries a reading added, changed and switched off. */
export interface SourceOutcome {
  readonly added: number
  readonly changed: number
  readonly gone: number
}

/** A page of the web that entries are taken from. */
export interface KnowledgeSource {
  readonly id: number
  readonly appId: string | null
  readonly url: string
  readonly name: string
  readonly newState: 'draft' | 'live'
  /** `waiting` before the first reading. */
  readonly state: 'waiting' | 'reading' | 'ok' | 'failed'
  readonly problem: SourceProblem | null
  readonly status: number | null
  readonly outcome: SourceOutcome | null
  /** How many entries are pieces of it. */
  readonly entries: number
  readonly checkedAt: number | null
  readonly readAt: number | null
  readonly nextAt: number
}

export function sourceOf(
  row: Selectable<KnowledgeSourceTable>,
  entries: number,
  now: number,
): KnowledgeSource {
  const problem = sourceProblems.find((each) => each === row.problem) ?? null
  const isRead = row.lease_until !== null && row.lease_until > now
  return {
    id: row.id,
    appId: row.app_id,
    url: row.url,
    name: row.name,
    newState: row.new_state,
    state: isRead ? 'reading' : problem !== null ? 'failed' : row.checked_at === null ? 'waiting' : 'ok',
    problem,
    status: row.status,
    outcome: row.outcome === null ? null : (fromJson(row.outcome) as SourceOutcome),
    entries,
    checkedAt: row.checked_at,
    readAt: row.read_at,
    nextAt: row.next_at,
  }
}

/** Who a page's readings are written down as: its host. */
export function writerOf(url: string): string {
  return new URL(url).host
}
