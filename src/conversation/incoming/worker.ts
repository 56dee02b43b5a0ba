import type { Answer } from '../../wechat/index.js'
import type { Job } from './job.js'

/** Who handles committed pushes, in each conversation's order. */
export interface Worker {
  /** How many jobs wait or run. */
  readonly size: number
  /** Resolves when the push is handled and that is committed; failures of the database are waited out. */
  add(job: Job): Promise<Answer>
  /** Lets what runs end, for so many milliseconds at most; what waits stays in the database. */
  stop(milliseconds: number): Promise<void>
}

/** The pause after a failure of the database, doubled with each one in a row. */
export const FIRST_PAUSE_MS = 100
export const LONGEST_PAUSE_MS = 5000
