import type { Run } from '../../bot/index.js'
import { shardOf } from '../../store/index.js'
import type { Answer, Push } from '../../wechat/index.js'
import { customerOf } from './customer.js'

/** A push to be handled. */
export interface Job {
  readonly pushId: number
  readonly push: Push
  /** When it reached us, in milliseconds. */
  readonly receivedAt: number
  /** Shared with whoever answers WeChat; `answered` from the start when nobody waits any more. */
  readonly run: Run
  /** WeChat waits at another process, which does not see `run`. */
  readonly isWaitedElsewhere?: boolean
  /** Called once the answer is known to be `success`, which nobody needs to wait for longer. */
  readonly onDecided?: (answer: Answer) => void
  /** How often handlers in code were begun for it, by an earlier process too; 0 when not given. */
  readonly attempts?: number
}

/** Another process has this work now: nothing was committed, and nothing is to be tried again here. */
export class LostShards extends Error {}

export function shardOfJob(job: Job): number {
  return shardOf(job.push.appId, customerOf(job.push).openId)
}
