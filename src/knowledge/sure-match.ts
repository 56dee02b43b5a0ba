import type { Candidate } from './knowledge.js'

/** How far the best candidate must lead the next one to be sent unasked. */
const LEAD = 0.15

type Likely = Pick<Candidate, 'dice' | 'cover'>

/** How surely an entry is meant, where nobody looks before it is sent. */
export function sureness({ dice, cover }: Likely): number {
  return Math.max(dice, 0.9 * cover)
}

/** Returns the candidate that is sure enough to be sent without a model; undefined where none is. */
export function sureMatch<T extends Likely>(candidates: readonly T[], matchAt: number): T | undefined {
  const [first, second] = candidates.toSorted((a, b) => sureness(b) - sureness(a))
  if (!first || sureness(first) < matchAt) return undefined
  return second && sureness(first) - sureness(second) < LEAD ? undefined : first
}
