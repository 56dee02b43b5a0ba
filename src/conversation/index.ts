export {
  allowanceOf,
  defaultAllowanceRules,
  forBots,
  type Allowance,
  type AllowanceRules,
} from './allowance.js'
export type { ConversationContext, Conversing, Status } from './conversing.js'
export { AllowanceError } from './draft.js'
export type { SystemLine } from './system-line.js'
export { Handling, type HandlingOptions, type Job } from './handling.js'
export { BatchWorker, type BatchWorkerOptions } from './batch-worker.js'
export { CodeWorker, type CodeWorkerOptions } from './code-worker.js'
export { Inbox, type Accepted, type InboxOptions } from './inbox.js'
export type { Worker } from './worker.js'
export { Outbox, type OutboxOptions, type Remedy } from './outbox.js'
export { CommandError, Commands, type Actor, type CommandsOptions } from './commands.js'
export { currentSequence, readFeed, type FeedItem } from './feed.js'
export { tellOfMessages } from './tell.js'
export { FeedFollower, type FeedEvent, type FeedFollowerOptions, type FeedReader } from './feed-follower.js'
export type { OwnershipChange } from './ownership.js'
export type { MessageState, MessageStep } from './message-state.js'
export { everyShard, LeasedShards, type LeasedShardsOptions, type Shards } from './shards.js'
export { conversationViews, type ConversationView } from './conversation-view.js'
export {
  countConversations,
  listConversations,
  conversationSorts,
  type ConversationFilter,
  type ConversationPage,
} from './conversation-list.js'
export type { MediaSummary } from './message-media.js'
export { messageViews, type MessageContent, type MessageView } from './message-view.js'
export { listMessages, type MessagePage } from './message-list.js'
export {
  countAnswers,
  latestAnswers,
  MOST_COUNTED,
  type AnswerCount,
  type Answered,
  type AnswersAsked,
} from './answer-log.js'
export type { NamesOf, ViewSource } from './view-source.js'
export { feedPurge, messagePurge, pushPurge, type Purge, type PurgeStep } from './purge.js'
export { Retention, type Kept, type RetentionOptions } from './retention.js'
export { eraseContact, ERASED, type Erased, type ErasureOptions } from './erasure.js'
export { exportContact, findContact, type ExportedContact, type ExportOptions } from './contact-export.js'
export { MessageIndexer, type MessageIndexerOptions } from './message-index.js'
