import type { Candidate } from '../knowledge.js'
import type { Near } from './entry-vectors.js'

/** Reciprocal rank fusion's own: how much less the second counts than the first. */
const DAMPING = 60

/**
 * Puts what was found by words and by meaning in one order, by the places that an entry has in both: their scores can't be
 * compared (Cormack et al. 2009).
 */
export function mergedRanks(
  byWords: readonly Candidate[],
  byMeaning: readonly Near[],
  most: number,
): Candidate[] {
  const merged = new Map<number, { candidate: Candidate; score: number }>()
  const add = (candidate: Candidate, rank: number): void => {
    const before = merged.get(candidate.entry.id)
    const score = 1 / (DAMPING + rank + 1)
    merged.set(candidate.entry.id, {
      candidate: before?.candidate ?? candidate,
      score: (before?.score ?? 0) + score,
    })
  }
  for (const [rank, candidate] of byWords.entries()) add(candidate, rank)
  for (const [rank, { entry }] of byMeaning.entries())
    add({ entry, confidence: 0, dice: 0, cover: 0, matched: [] }, rank)
  return [...merged.values()]
    .toSorted((a, b) => b.score - a.score || a.candidate.entry.id - b.candidate.entry.id)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}
