import type { Context } from '../bot/index.js'

/** Who has a conversation: `waiting` for a person, `assigned` to one, else the bot's or nobody's. */
export type Status = 'bot' | 'waiting' | 'assigned' | 'closed'

/** What the service puts on a handler's context. */
export interface Conversing {
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
  /** Puts a tag on the customer. */
  tag(name: string): void
  /** Counts the push as answered though nothing is sent: without it, or a reply, it is handed to people. */
  stayedSilent(): void
  /** Names who answers, for the desk: `rule:NAME`. */
  answersAs(author: `rule:${string}`): void
}

/** A handler's context in the service. */
export type ConversationContext = Context & Conversing

/** What a run's handlers find on their context: only this of the run, and what it says now. */
export function conversingOf(run: Conversing): Conversing {
  return {
    get conversation() {
      return run.conversation
    },
    contact: run.contact,
    handoff: (reason) => {
      run.handoff(reason)
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
