import { z } from 'zod'

/** A push that is WeChat's and can't be read, as it came. Times are milliseconds since 1970. */
export const unreadablePush = z
  .object({
    id: z.int(),
    appId: z.string(),
    receivedAt: z.int(),
    format: z.enum(['json', 'xml']),
    /** Why it can't be read. */
    problem: z.string(),
    /** Its text after decryption; not to be believed. */
    plaintext: z.string(),
  })
  .meta({ id: 'UnreadablePush' })
export type UnreadablePushView = z.infer<typeof unreadablePush>

/** Somebody who took their consent back or closed their account. */
export const withdrawal = z
  .object({
    id: z.int(),
    appId: z.string(),
    openId: z.string(),
    /** `user_authorization_revoke` or `user_authorization_cancellation`. */
    event: z.string(),
    at: z.int(),
    /** Null where nothing is kept of them. */
    contactId: z.int().nullable(),
    conversationId: z.int().nullable(),
  })
  .meta({ id: 'Withdrawal' })
export type WithdrawalView = z.infer<typeof withdrawal>
