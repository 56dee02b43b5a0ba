import { assistantReasons } from './turns.js'

/** Why the bot gave a conversation to people, where no rule or handler said it in its own words. */
export const handoffReasons = [
  'unanswered',
  // A rule that gives no reason of its own.
  'by_rule',
  'handler_failed',
  'allowance',
  'transfer_late',
  'business',
  'rules_too_long',
  'unreadable',
  ...assistantReasons,
] as const
export type HandoffReason = (typeof handoffReasons)[number]

/** Why a conversation was taken from its agent: gone for good, no page open, or nothing done for long. */
export const abandonReasons = ['left', 'absent', 'idle'] as const
export type AbandonReason = (typeof abandonReasons)[number]

/** Why a conversation was closed by itself. */
export const closeReasons = ['old'] as const
export type CloseReason = (typeof closeReasons)[number]

/** Why a message did not go out, or may not have, where it was not WeChat that said so. */
export const messageProblems = [
  'taken_over',
  'window_expired',
  'count_used',
  'interrupted',
  'network:no',
  'network:unknown',
  'error',
] as const
export type MessageProblem = (typeof messageProblems)[number]
