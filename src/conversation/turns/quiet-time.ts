/** A customer's message, as far as it tells whether more will follow. */
export interface Said {
  readonly msgType: string
  /** Of a text message. */
  readonly text: string | undefined
}

const USUAL_MS = 1200
const FINISHED_MS = 600
const UNFINISHED_MS = 2500
/** However often a customer goes on, this long after their first message an answer is begun. */
export const LONGEST_QUIET_MS = 6000
/** However it goes, a turn has ended by then. */
export const TURN_MS = 25_000

/** Returns how long to wait for more, in milliseconds: a question is likely to be the whole, one word the beginning. */
export function quietMs({ msgType, text }: Said): number {
  if (msgType !== 'text' || text === undefined) return UNFINISHED_MS
  const said = text.trim()
  if (/[?？吗]$/u.test(said)) return FINISHED_MS
  const { length } = Array.from(said)
  if (length <= 4) return UNFINISHED_MS
  return length > 15 ? FINISHED_MS : USUAL_MS
}

/** Returns when to begin an answer: after the quiet time, and not later than the first message allows. */
export function dueAt(said: Said, firstAt: number, now: number): number {
  return Math.max(Math.min(now + quietMs(said), firstAt + LONGEST_QUIET_MS), now)
}
