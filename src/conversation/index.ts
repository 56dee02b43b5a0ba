export {
  allowanceOf,
  defaultAllowanceRules,
  forBots,
  type Allowance,
  type AllowanceRules,
} from './allowance.js'
export type { ConversationContext, Conversing, Status } from './conversing.js'
export { AllowanceError, type SystemLine } from './draft.js'
export { Handling, type HandlingOptions, type Job } from './handling.js'
export { Inbox, type Accepted, type InboxOptions } from './inbox.js'
export { Outbox, type OutboxOptions, type Remedy } from './outbox.js'
export { CommandError, Commands, type Actor, type CommandsOptions } from './commands.js'
export { currentSequence, readFeed, type FeedItem } from './feed.js'
export type { OwnershipChange } from './ownership.js'
export type { MessageState, MessageStep } from './message-state.js'
