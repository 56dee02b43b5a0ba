import { z } from 'zod'
import { openTurnStates } from '../../protocol/turns.js'
import { messageView } from './message-view.js'

const time = z.int()

export const conversationStatus = z.enum(['bot', 'waiting', 'assigned', 'closed'])
export type ConversationStatus = z.infer<typeof conversationStatus>

/** The messages that WeChat still lets us send. */
export const allowanceView = z
  .object({
    remaining: z.int(),
    expiresAt: time.nullable(),
    source: z.enum(['message', 'enter', 'none']),
    /** Whether WeChat has contradicted the estimate since the customer's last sign. */
    corrected: z.boolean(),
    /** The number that `remaining` began with. */
    limit: z.int(),
  })
  .meta({ id: 'Allowance' })
export type AllowanceView = z.infer<typeof allowanceView>

/** A customer. */
export const contactView = z
  .object({
    id: z.int(),
    name: z.string().nullable(),
    /** The agents' name for them. */
    remark: z.string().nullable(),
    /** The contact button's `session-from` of the last entry. */
    sessionFrom: z.string().nullable(),
    tags: z.array(z.string()),
    createdAt: time,
    seenAt: time,
  })
  .meta({ id: 'Contact' })
export type ContactView = z.infer<typeof contactView>

/** A customer's conversation. Times are milliseconds since 1970. */
export const conversationView = z
  .object({
    id: z.int(),
    appId: z.string(),
    openId: z.string(),
    /** The sub-merchant (客服子商户) that the session is with; null for the Mini Program's own. */
    businessId: z.string().nullable(),
    status: conversationStatus,
    agent: z.object({ id: z.int(), name: z.string() }).nullable(),
    /** Raised by each change of owner. */
    epoch: z.int(),
    /** The workspace’s sequence as of which this is: of two states of a conversation the one with the higher is later. */
    sequence: z.int(),
    allowance: allowanceView,
    /** Why nobody can reply here, whatever WeChat would allow: a sub-merchant's session; null when they can. */
    replyProblem: z.enum(['business']).nullable(),
    contact: contactView,
    lastMessage: messageView.nullable(),
    /** Incoming messages after what was last read, 100 at most. */
    unread: z.int(),
    waitingSince: time.nullable(),
    /** Whether one of the latest outgoing messages is failed or unknown. */
    failed: z.boolean(),
    /** When it was given to WeChat's own agent tool, until the customer writes here again. */
    transferredAt: time.nullable(),
    /** What an assistant is to answer, since when; null where nothing is. */
    turn: z.object({ state: z.enum(openTurnStates), since: time }).nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'ConversationView' })
export type ConversationView = z.infer<typeof conversationView>

/** How many conversations each tab of the desk has. */
export const countsView = z.object({
  waiting: z.int(),
  /** Assigned to whoever asks; 0 for a program. */
  mine: z.int(),
  bot: z.int(),
  /** All but the closed. */
  all: z.int(),
})
export type CountsView = z.infer<typeof countsView>
