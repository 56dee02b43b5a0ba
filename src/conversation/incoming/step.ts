import { HandlerError } from '../../errors.js'
import type { BotAuthor } from '../../protocol/author.js'
import type { Answer, OutgoingMessage } from '../../wechat/index.js'
import type { AllowanceError } from '../allowance-error.js'
import type { ConversationActions } from '../conversation-context.js'
import type { ContactAndConversation } from '../conversation-rows.js'
import type { NewMessage } from '../unit-of-work.js'
import { LostShards, type Job } from './job.js'
import type { BotResult } from './outcome.js'

/** A conversation as it was when its handlers in code were begun. */
export interface Opened {
  readonly contact: ContactAndConversation['contact']
  readonly conversation: ContactAndConversation['conversation']
  /** 1 at the first run. */
  readonly attempt: number
  /** How many replies of the bot WeChat's allowance leaves room for, as long as nobody else sends. */
  readonly repliesLeft: number
  /** The line of what the customer did; undefined where an earlier run wrote it. */
  readonly received: NewMessage | undefined
}

/** Takes a push in: rules answer it at once, or handlers in code are to be run. */
export interface ReceiveStep {
  readonly kind: 'receive'
  readonly job: Job
}

export interface Reply {
  /** Its place in the run, so that a second run queues none twice. */
  readonly place: number
  readonly author: BotAuthor
  readonly message: OutgoingMessage
}

/** Queues what handlers in code reply. */
export interface ReplyStep {
  readonly kind: 'reply'
  readonly job: Job
  readonly opened: Opened
  readonly reply: Reply
}

/** Ends a run of handlers in code. */
export interface FinishStep {
  readonly kind: 'finish'
  readonly job: Job
  readonly opened: Opened
  readonly result: Omit<BotResult, 'isLate'>
  /** Replies of rules that were not queued yet. */
  readonly held: readonly Reply[]
  /** Why an earlier reply of a rule was not queued, which nobody awaited. */
  readonly refused: unknown
  readonly tags: readonly string[]
  /** Who answered, as it is kept beside what was asked. */
  readonly answeredBy: string
}

/** One piece of a push's work in the database. Many of them share a transaction, each conversation's in their order. */
export type Step = (ReceiveStep | ReplyStep | FinishStep) & {
  /** A transaction that held it failed, or seemed to: it may have been committed. */
  readonly isRetry?: boolean
}

export interface StepResults {
  receive:
    | {
        readonly kind: 'answered'
        readonly answer: Answer
        /** The conversation as the rules had it; undefined where they were not asked. */
        readonly seen: Pick<ConversationActions, 'contact' | 'conversation'> | undefined
      }
    | { readonly kind: 'code'; readonly opened: Opened }
    /** An earlier push of the conversation is with its handlers: this one comes after it. */
    | { readonly kind: 'later' }
  /** Why the reply was not queued. */
  reply: AllowanceError | HandlerError | LostShards | undefined
  finish: Answer
}

export type ResultOf<S extends Step> = StepResults[S['kind']]
export type StepResult = ResultOf<Step>

export function isLater(result: StepResult): boolean {
  return typeof result === 'object' && 'kind' in result && result.kind === 'later'
}

/** Returns the result of a step that another process does. */
export function lostResult(step: Step): StepResult {
  return step.kind === 'reply' ? new LostShards('Another process has the conversation.') : ended(step)
}

/** Returns the result of a step that the database refuses. */
export function refusedResult(step: Step, cause: unknown): StepResult {
  return step.kind === 'reply'
    ? new HandlerError('threw', 'The reply could not be kept.', { cause })
    : ended(step)
}

function ended({ kind }: Step): StepResult {
  return kind === 'receive' ? { kind: 'answered', answer: 'success', seen: undefined } : 'success'
}
