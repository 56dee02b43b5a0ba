import { contactKey } from '../conversation-rows.js'
import type { Shards } from '../shards.js'
import { customerOf } from './customer.js'
import { shardOfJob, type Job } from './job.js'
import { lostResult, type Step, type StepResult } from './step.js'

export interface Waiting {
  readonly step: Step
  /** WeChat waits for its answer, or handlers in code do. */
  readonly isUrgent: boolean
  /** It belongs to handlers that run. */
  readonly isCodes: boolean
  /** By the clock that only ever goes on. */
  readonly since: number
  readonly resolve: (result: StepResult) => void
}

/** Milliseconds. The end of a run, for which nobody waits, lets urgent steps go first for so long. */
const LET_GO_FIRST_MS = 250

/**
 * The steps that wait for a transaction, each conversation's in their order. While handlers in code have a push, the
 * later ones of its conversation are held; those of other conversations go on.
 */
export class StepQueue {
  readonly #shards: Pick<Shards, 'has'>
  #waiting: Waiting[] = []
  /** How many of those that wait are urgent. */
  #urgent = 0
  /** The conversations whose handlers in code run, each with the pushes that wait for them. */
  readonly #held = new Map<string, Waiting[]>()

  constructor(shards: Pick<Shards, 'has'>) {
    this.#shards = shards
  }

  get length(): number {
    return this.#waiting.length
  }

  get hasUrgent(): boolean {
    return this.#urgent > 0
  }

  get hasCodes(): boolean {
    return this.#waiting.some(({ isCodes }) => isCodes)
  }

  get oldest(): Waiting | undefined {
    return this.#waiting[0]
  }

  add(each: Waiting): void {
    this.#waiting.push(each)
    if (each.isUrgent) this.#urgent++
  }

  /** Holds the later pushes of a conversation, until `release`. */
  hold(job: Job): void {
    this.#held.set(keyOf(job), [])
  }

  /** Holds a push that was taken out, behind the handlers that its conversation has since then. */
  holdBack(each: Waiting): void {
    this.#held.get(keyOf(each.step.job))?.push(each)
  }

  /** Lets the pushes of a conversation go on: behind the end of their handlers, before later ones. */
  release(job: Job, end?: Waiting): void {
    const key = keyOf(job)
    const first = [...(end ? [end] : []), ...(this.#held.get(key) ?? [])]
    this.#held.delete(key)
    this.putBack(first)
  }

  /** Puts first again what was taken out. */
  putBack(batch: readonly Waiting[]): void {
    this.#waiting = [...batch, ...this.#waiting]
    for (const { isUrgent } of batch) if (isUrgent) this.#urgent++
  }

  /**
   * Takes out what is done next. Holds what waits for handlers in code, leaves ends of runs where others are urgent, and,
   * with `onlyCodes`, all that handlers don't wait for; answers what another process has now.
   */
  next(most: number, onlyCodes: boolean): Waiting[] {
    const batch: Waiting[] = []
    const ends = new Map<string, Waiting>()
    const left: Waiting[] = []
    const recent = performance.now() - LET_GO_FIRST_MS
    const mayLeave = this.hasUrgent
    let looked = 0
    for (const each of this.#waiting) {
      if (batch.length >= most) break
      looked++
      const key = this.#held.size + ends.size > 0 || each.isCodes ? keyOf(each.step.job) : ''
      const held = each.isCodes ? undefined : this.#held.get(key)
      if (onlyCodes && !each.isCodes) {
        left.push(each)
        continue
      }
      if (!this.#shards.has(shardOfJob(each.step.job))) each.resolve(lostResult(each.step))
      else if (held) held.push(each)
      else if (mayLeave && isEnd(each) && each.since > recent) ends.set(key, each)
      else {
        const end = ends.get(key)
        if (end) batch.push(end)
        ends.delete(key)
        batch.push(each)
      }
      if (each.isUrgent) this.#urgent--
    }
    this.#waiting = [...ends.values(), ...left, ...this.#waiting.slice(looked)]
    return batch
  }
}

function isEnd({ step, isUrgent }: Waiting): boolean {
  return step.kind === 'finish' && !isUrgent
}

function keyOf({ push }: Job): string {
  return contactKey(customerOf(push))
}
