export {
  allowanceOf,
  defaultAllowanceRules,
  forBots,
  type Allowance,
  type AllowanceRules,
} from './allowance.js'
export type { ConversationContext, ConversationActions, Status } from './conversation-context.js'
export { contactOpenId } from './customer-key.js'
export { AllowanceError } from './allowance-error.js'
export type { SystemLine } from './system-line.js'
export { withCustomer } from './incoming/customer.js'
export type { Job } from './incoming/job.js'
export { answersOf, PushHandler, type PushHandlerOptions } from './incoming/push-handler.js'
export type { CodeFilter } from './incoming/push-transaction.js'
export type { Step } from './incoming/step.js'
export { BatchWorker, type BatchWorkerOptions } from './incoming/batch-worker.js'
export { CodeStage, type CodeStageOptions } from './incoming/code-stage.js'
export { Inbox, type InboxOptions } from './incoming/inbox.js'
export type { Worker } from './incoming/worker.js'
export { Outbox, type OutboxOptions, type Remedy } from './outgoing/outbox.js'
export { CommandError, type Actor } from './command-checks.js'
export { ConversationSignals } from './conversation-signals.js'
export { Commands, type CommandsOptions } from './commands.js'
export { currentSequence, readFeed, type FeedItem } from './feed.js'
export { notifyOfMessages } from './notify.js'
export { TurnClaims, type ClaimedTurn } from './turns/turn-claims.js'
export { CHANGED, TurnEnds, type TurnEnd, type TurnEnded } from './turns/turn-ends.js'
export { folded } from './queries/fold.js'
export {
  FeedFollower,
  type FeedEvent,
  type FeedFollowerOptions,
  type FeedReader,
} from './queries/feed-follower.js'
export type { OwnershipChange } from './ownership.js'
export type { MessageState, MessageStep } from './message-state.js'
export { everyShard, LeasedShards, type LeasedShardsOptions, type Shards } from './shards.js'
export { conversationViews, type ConversationView } from './queries/conversation-view.js'
export {
  countConversations,
  listConversations,
  conversationSorts,
  type ConversationFilter,
  type ConversationPage,
} from './queries/conversation-list.js'
export type { MediaSummary } from './queries/message-media.js'
export {
  messageViewColumns,
  messageViews,
  viewsOfMessages,
  type MessageContent,
  type MessageView,
} from './queries/message-view.js'
export { listMessages, type MessagePage } from './queries/message-list.js'
export {
  countAnswers,
  latestAnswers,
  MAX_COUNTED,
  type AnswerCount,
  type Answered,
  type AnswersAsked,
} from './queries/answer-log.js'
export type { NamesOf, ViewSource } from './queries/view-source.js'
export { feedPurge, messagePurge, pushPurge, type Purge, type PurgeStep } from './retention/purge.js'
export {
  countUnreadable,
  listUnreadable,
  type UnreadableAsked,
  type UnreadablePush,
} from './retention/unreadable-pushes.js'
export {
  listWithdrawals,
  removeWithdrawal,
  type Withdrawal,
  type WithdrawalsAsked,
} from './retention/withdrawal-list.js'
export { Retention, type Kept, type RetentionOptions } from './retention/retention.js'
export { eraseContact, type Erased, type ErasureOptions } from './retention/erasure.js'
export {
  exportContact,
  findContact,
  type ExportedContact,
  type ExportOptions,
} from './retention/contact-export.js'
export { MessageIndexer, type MessageIndexerOptions } from './queries/message-index.js'
export { queues, type Queues, type QueueState } from './queries/queues.js'
export { writtenByAgent, writtenByBot } from './queries/author-conditions.js'
