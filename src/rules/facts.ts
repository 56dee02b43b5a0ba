import { z } from 'zod'
import { wordOf } from '../bot/index.js'
import { LATEST_TIME } from '../http/schemas/plain-input.js'
import type { ConversationContext } from '../conversation/conversation-context.js'

/** Facts that rules look at: a push and its customer. */
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

/** The facts that a message alone tells. */
export type MessageFacts = Pick<Facts, 'word' | 'text'>

/** The others, where only the message is looked at. */
export const unknownFacts: Omit<Facts, keyof MessageFacts> = {
  kind: 'message',
  sessionFrom: null,
  tags: [],
  now: 0,
  contact: { name: null },
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

/** The other facts, where somebody tries rules on a message that nobody sent. */
export const triedFacts = z.object({
  sessionFrom: z.string().max(1024).nullable().default(null),
  tags: z.array(z.string().max(64)).max(100).default([]),
  name: z.string().max(200).nullable().default(null),
  /** When it comes, in milliseconds since 1970; now when not given. */
  at: z.int().min(0).max(LATEST_TIME).optional(),
})

/** The facts of such a message. */
export function factsOfTried(
  message: Pick<Facts, 'kind' | 'word' | 'text'>,
  { sessionFrom, tags, name, at }: z.output<typeof triedFacts>,
  now: number,
): Facts {
  return { ...message, sessionFrom, tags, now: at ?? now, contact: { name } }
}
