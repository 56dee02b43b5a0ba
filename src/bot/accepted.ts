import type { Answer } from '../wechat/index.js'
import type { Run } from './context.js'

/** A push that was taken over: whatever happens now, it will be handled. */
export interface Accepted {
  /** How it is to be answered; may take longer than WeChat waits. */
  readonly answer: Promise<Answer>
  /** Notes when the push has been answered, so that handlers know what is too late. */
  readonly run: Run
  /** Whether the same push was taken over before. */
  readonly repeat?: boolean
}
