import { z } from 'zod'

const time = z.int()
/** Something that a customer did and who answered it. Times are milliseconds since 1970. */
export const answered = z
  .object({
    /** The customer's message, or the line that says that they entered. */
    messageId: z.int(),
    conversationId: z.int(),
    appId: z.string(),
    openId: z.string(),
    /** The agents' name for the customer. */
    name: z.string().nullable(),
    at: time,
    /** `rule:NAME`, `bot` (handlers in code), or `nobody`: then people were asked. */
    answeredBy: z.string(),
    /** WeChat's word; `event` for entering. */
    msgType: z.string(),
    /** The beginning of a text, a card's title, or the session-from of an entry. */
    text: z.string().nullable(),
  })
  .meta({ id: 'Answered' })
export type AnsweredView = z.infer<typeof answered>

/** Whether there are handlers in code (KEFU_BOT, those of the demo): they are asked before the rules. */
export const codeHandlers = z.object({ present: z.boolean() })
export type CodeHandlersView = z.infer<typeof codeHandlers>

/** How often each rule answered of late. */
export const answerCounts = z.object({
  items: z.array(
    z.object({
      answeredBy: z.string(),
      lastDay: z.int(),
      lastWeek: z.int(),
      lastAt: time.nullable(),
    }),
  ),
  /** A number that is this high may be higher. */
  most: z.int(),
})
export type AnswerCountsView = z.infer<typeof answerCounts>
