import { z } from 'zod'
import { answerKinds } from '../../protocol/turns.js'
import { messageFields, type MessageField } from '../../wechat/index.js'
import { mediaSummary } from '../../media/schemas/media.js'

const time = z.int()
const text = z.exactOptional(z.string())

/** A line of a conversation, its content in WeChat's words. Times are milliseconds since 1970. */
export const messageView = z
  .object({
    id: z.int(),
    conversationId: z.int(),
    direction: z.enum(['incoming', 'outgoing', 'note', 'system']),
    /** `contact`, `bot`, `rule:NAME`, `assistant:NAME`, `agent:ID`, `api` or `system`. */
    author: z.string(),
    /** The agent's name; of a system line, whoever did what it says. */
    authorName: z.string().nullable(),
    /** An outgoing message's way to WeChat; null for the others. */
    state: z.enum(['queued', 'sending', 'accepted', 'unknown', 'failed', 'cancelled']).nullable(),
    createdAt: time,
    sentAt: time.nullable(),
    /** A queued message leaves then at the earliest: it is held to be taken back, or waits for its next try. */
    notBefore: time.nullable(),
    /** WeChat's errcode, where it said no. */
    errcode: z.int().nullable(),
    problem: z.string().nullable(),
    rid: z.string().nullable(),
    /** WeChat's word, `other` for one that is not documented, `system` for a system line. */
    msgType: z.string(),
    ...(Object.fromEntries(messageFields.map((name) => [name, text])) as Record<MessageField, typeof text>),
    isAiMsg: z.exactOptional(z.boolean()),
    /** WeChat's id of an incoming message, a 64-bit number in digits. */
    msgId: text,
    /** WeChat's time of an incoming message, in seconds. */
    createTime: z.exactOptional(z.int()),
    businessId: text,
    /** Of `other`: WeChat's word and everything that came. */
    type: text,
    fields: z.exactOptional(z.record(z.string(), z.unknown())),
    /** Of a system line: what happened, such as `handoff`, `take` or `entered`. */
    line: text,
    reason: text,
    sessionFrom: text,
    /** Of a system line: who did it (null for a program), and to whom. */
    agentId: z.exactOptional(z.int().nullable()),
    to: z.exactOptional(z.int()),
    toName: text,
    /** The picture of an image or a card. */
    media: mediaSummary.nullable(),
    /** Of an assistant's answer: how it came about, and its run; `kind` is null of words with which it handed over. */
    assistant: z.exactOptional(z.object({ kind: z.enum(answerKinds).nullable(), runId: z.int() })),
  })
  .meta({ id: 'MessageView' })
export type MessageView = z.infer<typeof messageView>
