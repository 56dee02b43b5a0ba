import { sureMatch } from '../sure-match.js'
import type { Candidate } from '../knowledge.js'

/** A question with the entry that answers it; without one it must be left to people. */
export interface ExamCase {
  readonly id: number
  readonly says: string
  readonly entryId: number | null
}

/** What retrieval made of a case. */
export interface CaseResult {
  readonly caseId: number
  /** The right entry's place, counted from 1; null where it was not found, or where there is none. */
  readonly rank: number | null
  /** Whether the right entry is among the first eight, which a model is shown; of a question without one always. */
  readonly passed: boolean
  readonly candidates: readonly Candidate[]
}

/** What would be sent without a model from some sureness on. */
export interface CurvePoint {
  readonly at: number
  readonly right: number
  /** Another entry than the right one, or any where there is none. */
  readonly wrong: number
}

/** How many cases an exam must have to earn that anything is sent without a model. */
export const CASES_TO_EARN = 30
/** How many entries a model is shown with their texts. */
export const SHOWN = 8
const steps = Array.from({ length: 14 }, (_, index) => Math.round((0.3 + index * 0.05) * 100) / 100)

/** Tries retrieval with a case. */
export function tryCase({ id, entryId }: ExamCase, candidates: readonly Candidate[]): CaseResult {
  const place = candidates.findIndex(({ entry }) => entry.id === entryId)
  const rank = place < 0 ? null : place + 1
  return { caseId: id, rank, passed: entryId === null || (rank !== null && rank <= SHOWN), candidates }
}

/** Returns how many cases would be answered rightly and wrongly without a model, for each sureness. */
export function curveOf(cases: readonly ExamCase[], results: readonly CaseResult[]): CurvePoint[] {
  const wanted = new Map(cases.map(({ id, entryId }) => [id, entryId]))
  return steps.map((at) => {
    let right = 0
    let wrong = 0
    for (const { caseId, candidates } of results) {
      const sent = sureMatch(candidates, at)
      if (!sent) continue
      if (sent.entry.id === wanted.get(caseId)) right++
      else wrong++
    }
    return { at, right, wrong }
  })
}

/**
 * Returns the lowest sureness from which on no case is answered wrongly; null where none is, where nothing would be
 * answered, or where there are too few cases to tell.
 */
export function proposedMatchAt(curve: readonly CurvePoint[], cases: number): number | null {
  if (cases < CASES_TO_EARN) return null
  const lastWrong = curve.findLastIndex(({ wrong }) => wrong > 0)
  const lowest = curve[lastWrong + 1]
  return lowest && lowest.right > 0 ? lowest.at : null
}
