import type { Context } from '../bot/index.js'
import { HandlerError } from '../errors.js'
import type { RuleAuthor } from '../protocol/author.js'

/** Who has a conversation: `waiting` for a person, `assigned` to one, else the bot's or nobody's. */
export type Status = 'bot' | 'waiting' | 'assigned' | 'closed'

/** What the service puts on a handler's context. */
export interface ConversationActions {
  readonly conversation: { readonly id: number; readonly status: Status }
  readonly contact: {
    readonly name: string | null
    readonly remark: string | null
    /** The contact button's `session-from` of the last entry. */
    readonly sessionFrom: string | null
    readonly tags: readonly string[]
  }
  /** Gives the conversation to people at the desk; replies of this run still go out. */
  handoff(reason: string): void
  /**
   * Leaves the answer to an assistant: what the customer says until they pause is answered once, later. Replies of this
   * run go out before it. It has no effect on an event.
   */
  assist(assistant: string): void
  /** Puts a tag on the customer. */
  tag(name: string): void
  /** Counts the push as answered though nothing is sent: without it, or a reply, it is handed to people. */
  stayedSilent(): void
  /** Names the rule that answers, for the desk. */
  answersAs(author: RuleAuthor): void
}

/** A handler's context in the service. */
export type ConversationContext = Context & ConversationActions

/** Returns what handlers find on their context: of a run only this, as it is when they ask. */
export function actionsOf(run: ConversationActions): ConversationActions {
  return {
    get conversation() {
      return run.conversation
    },
    contact: run.contact,
    handoff: (reason) => {
      run.handoff(reason)
    },
    assist: (assistant) => {
      run.assist(assistant)
    },
    tag: (name) => {
      run.tag(name)
    },
    stayedSilent: () => {
      run.stayedSilent()
    },
    answersAs: (author) => {
      run.answersAs(author)
    },
  }
}

/** Returns the same for what only looks on, or asks whether a handler is to run: its actions throw HandlerError (`misuse`). */
export function lookOnly(run: Pick<ConversationActions, 'conversation' | 'contact'>): ConversationActions {
  const refuse = (): never => {
    throw new HandlerError(
      'misuse',
      'Only a handler can do this: a condition, and what is registered with { observes: true }, look on.',
    )
  }
  return {
    get conversation() {
      return run.conversation
    },
    contact: run.contact,
    handoff: refuse,
    assist: refuse,
    tag: refuse,
    stayedSilent: refuse,
    answersAs: refuse,
  }
}
