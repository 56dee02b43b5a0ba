import type { Candidate } from '../knowledge/knowledge.js'
import type { KnowledgeEntry } from '../knowledge/knowledge-entry.js'
import type { AnswerKind, AssistantReason } from '../protocol/turns.js'
import type { ModelReason } from '../protocol/model-reasons.js'

/** A candidate as it is kept and shown: no text of anybody. */
export interface CandidateNote {
  readonly id: number
  readonly version: number
  readonly confidence: number
  readonly isChosen: boolean
}

/** What was tried, and what it took. */
export interface Effort {
  readonly candidates: readonly CandidateNote[]
  readonly calls: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly model: string | null
  readonly firstTokenMs: number | null
  readonly totalMs: number
  /** Why a model gave no answer; null where it did, or was not asked. */
  readonly detail: ModelReason | null
}

/** What an assistant makes of a question. */
export type Decision = Effort &
  (
    | { readonly kind: 'entry'; readonly how: Exclude<AnswerKind, 'words'>; readonly entry: KnowledgeEntry }
    | { readonly kind: 'words'; readonly text: string }
    | { readonly kind: 'silence' }
    | { readonly kind: 'handoff'; readonly reason: AssistantReason; readonly words: string }
    | { readonly kind: 'aborted' }
  )

export const noEffort: Effort = {
  candidates: [],
  calls: 0,
  tokensIn: 0,
  tokensOut: 0,
  model: null,
  firstTokenMs: null,
  totalMs: 0,
  detail: null,
}

/** The candidates without a text of anybody, the surest first. */
export function notesOf(candidates: readonly Candidate[], chosen: number | undefined): CandidateNote[] {
  return candidates
    .toSorted((a, b) => b.confidence - a.confidence)
    .map(({ entry, confidence }) => ({
      id: entry.id,
      version: entry.version,
      confidence,
      isChosen: entry.id === chosen,
    }))
}
