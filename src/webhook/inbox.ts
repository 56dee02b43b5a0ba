import type { Run } from '../bot/index.js'
import type { Answer, Push } from '../wechat/index.js'

/** A push that was taken over: whatever happens now, it will be handled. */
export interface Accepted {
  /** How it is to be answered; may take longer than WeChat waits. */
  readonly answer: Promise<Answer>
  /** To be told when the push has been answered, so that handlers know what is too late. */
  readonly run: Run
  /** Whether the same push was taken over before. */
  readonly repeat?: boolean
}

/** Who takes pushes over from the webhook: drops repeats, keeps each conversation's order, has them handled. */
export interface Inbox {
  /** Resolves once the push is safe. Rejects when it can't be taken: WeChat is answered 500 and tries again. */
  accept(push: Push): Promise<Accepted>
}
