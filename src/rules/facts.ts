import { wordOf } from '../bot/index.js'
import type { ConversationContext } from '../conversation/conversing.js'

/** What rules look at: a push and what is known of its customer. */
export interface Facts {
  readonly kind: 'message' | 'event'
  /** WeChat's MsgType of a message, its Event of an event. */
  readonly word: string
  /** A text message's text without white space around it; undefined for anything else. */
  readonly text: string | undefined
  /** The `session-from` of this entry or, for a message, of the last one. */
  readonly sessionFrom: string | null
  readonly tags: readonly string[]
  /** Milliseconds. */
  readonly now: number
  readonly contact: { readonly name: string | null }
}

/** The facts of a push on its way through the bot. The agents' remark is not among them: customers never see it. */
export function factsOf(ctx: ConversationContext, now: number): Facts {
  const { contact, event } = ctx
  return {
    kind: event ? 'event' : 'message',
    word: wordOf(ctx.push.payload),
    text: ctx.text,
    sessionFrom: event?.event === 'user_enter_tempsession' ? event.sessionFrom : contact.sessionFrom,
    tags: contact.tags,
    now,
    contact,
  }
}
