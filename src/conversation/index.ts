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
export { Handling, type HandlingOptions, type Job } from './incoming/handling.js'
export { BatchWorker, type BatchWorkerOptions } from './incoming/batch-worker.js'
export { CodeWorker, type CodeWorkerOptions } from './incoming/code-worker.js'
export { Inbox, type Accepted, type InboxOptions } from './incoming/inbox.js'
export type { Worker } from './incoming/worker.js'
export { Outbox, type OutboxOptions, type Remedy } from './outgoing/outbox.js'
export { CommandError, Commands, type Actor, type CommandsOptions } from './commands.js'
export { currentSequence, readFeed, type FeedItem } from './feed.js'
export { tellOfMessages } from './tell.js'
export {
  FeedFollower,
  type FeedEvent,
  type FeedFollowerOptions,
  type FeedReader,
} from './reading/feed-follower.js'
export type { OwnershipChange } from './ownership.js'
export type { MessageState, MessageStep } from './message-state.js'
export { everyShard, LeasedShards, type LeasedShardsOptions, type Shards } from './shards.js'
export { conversationViews, type ConversationView } from './reading/conversation-view.js'
export {
  countConversations,
  listConversations,
  conversationSorts,
  type ConversationFilter,
  type ConversationPage,
} from './reading/conversation-list.js'
export type { MediaSummary } from './reading/message-media.js'
export { messageViews, type MessageContent, type MessageView } from './reading/message-view.js'
export { listMessages, type MessagePage } from './reading/message-list.js'
export {
  countAnswers,
  latestAnswers,
  MOST_COUNTED,
  type AnswerCount,
  type Answered,
  type AnswersAsked,
} from './reading/answer-log.js'
export type { NamesOf, ViewSource } from './reading/view-source.js'
export { feedPurge, messagePurge, pushPurge, type Purge, type PurgeStep } from './keeping/purge.js'
export { Retention, type Kept, type RetentionOptions } from './keeping/retention.js'
export { eraseContact, ERASED, type Erased, type ErasureOptions } from './keeping/erasure.js'
export {
  exportContact,
  findContact,
  type ExportedContact,
  type ExportOptions,
} from './keeping/contact-export.js'
export { MessageIndexer, type MessageIndexerOptions } from './reading/message-index.js'
