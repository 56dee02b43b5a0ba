import { z } from 'zod'

const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'must be a day such as 2026-07-31')
  .meta({ description: 'A day of the workspace’s time zone, such as 2026-07-31.' })

export const reportQuery = z.object({
  /** The last of `to` and the six days before when not given. */
  from: day.optional(),
  /** Today when not given. */
  to: day.optional(),
  app: z.string().max(100).optional(),
})

export const tableQuery = z.object({
  app: z.string().max(100).optional(),
  /** Of the header and the statuses; names for programs when not given. */
  lang: z.enum(['zh-CN', 'en']).optional(),
})

/** How long customers waited, in milliseconds; null where nobody did. */
export const waitsView = z.object({
  count: z.int(),
  median: z.int().nullable(),
  p90: z.int().nullable(),
  longest: z.int().nullable(),
})

const messages = z.object({ incoming: z.int(), bot: z.int(), agents: z.int(), api: z.int() })

/** The figures of a span of days. */
export const reportView = z
  .object({
    from: z.string(),
    to: z.string(),
    zone: z.string(),
    days: z.array(
      z.object({
        day: z.string(),
        /** Conversations in which a customer wrote. */
        conversations: z.int(),
        messages,
        /** Customers who got a first reply of a person. */
        firstResponses: z.int(),
      }),
    ),
    /** Conversations on any of the days, each once. */
    conversations: z.int(),
    messages,
    /** Until somebody took the conversation. */
    untilTaken: waitsView,
    /** Until a person’s first reply, from the customer’s first message without an answer. */
    firstResponse: waitsView,
    /** Until each reply of a person. */
    everyResponse: waitsView,
    /** Messages that WeChat refused, or may have. `errcode` is null where it said nothing. */
    failures: z.array(
      z.object({ errcode: z.int().nullable(), state: z.enum(['failed', 'unknown']), count: z.int() }),
    ),
    agents: z.array(
      z.object({
        id: z.int(),
        name: z.string(),
        messages: z.int(),
        /** Conversations that they took or were given. */
        taken: z.int(),
        firstResponse: waitsView,
      }),
    ),
    /** Who waits now. */
    waiting: z.object({ count: z.int(), longest: z.int().nullable() }),
  })
  .meta({ id: 'Report' })
export type ReportView = z.infer<typeof reportView>
