import type { Accepted } from '../bot/index.js'
import type { Push } from '../wechat/index.js'

/** Takes pushes over from the webhook: drops repeats, keeps each conversation's order, has them handled. */
export interface Inbox {
  /** Resolves once the push is safe. Rejects when it can't be taken: WeChat is answered 500 and tries again. */
  accept(push: Push): Promise<Accepted>
}
