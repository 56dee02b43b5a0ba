import { z } from 'zod'
import { checkOf } from '../../http/input.js'
import { optionalClientId } from '../../http/schemas/client-id.js'
import { outgoingMessage } from '../../http/schemas/outgoing-message.js'
import { refusal } from '../../protocol/refusals.js'
import { limits, utf8Bytes } from '../../wechat/index.js'

/** How many other wordings an entry has at most. */
export const MAX_WORDINGS = 50

const question = z.string().trim().min(1, 'must not be empty').max(200)

const answer = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .refine(
    (text) => utf8Bytes(text) <= limits.textBytes,
    checkOf(
      `must be at most ${limits.textBytes} bytes of UTF-8, as WeChat takes no more in one message`,
      refusal('too_big', { field: 'text', limit: limits.textBytes }),
    ),
  )

const moment = z.int().min(0).max(8_640_000_000_000_000).nullable()

const parts = {
  /** The Mini Program that it is for; null for all. */
  appId: z.string().min(1).max(100).nullable().default(null),
  /** The question, as the shop would ask it. */
  title: question,
  /** Other ways to ask it. */
  wordings: z.array(question).max(MAX_WORDINGS).default([]),
  /** The answer, sent word by word. */
  text: answer,
  /** A message that follows it where WeChat's allowance has room, such as a card; null for none. */
  extra: outgoingMessage.nullable().default(null),
  /** `agents`: customers are never told. */
  audience: z.enum(['customer', 'agents']).default('customer'),
  state: z.enum(['draft', 'live', 'off']).default('live'),
  /** From and until when it is true, in milliseconds; null: always. */
  validFrom: moment.default(null),
  validUntil: moment.default(null),
}

/** A question with its answer. */
export const entryInput = z
  .strictObject(parts)
  .refine(
    ({ validFrom, validUntil }) => validFrom === null || validUntil === null || validFrom < validUntil,
    {
      path: ['validUntil'],
      ...checkOf('must be later than validFrom', refusal('form', { field: 'validUntil' })),
    },
  )
export type EntryInput = z.infer<typeof entryInput>

/** POST /knowledge/entries */
export const newEntry = z.strictObject({ clientId: optionalClientId, entry: entryInput })

/** PATCH /knowledge/entries/:id: only the version that was seen is changed. */
export const changedEntry = z.strictObject({ version: z.int().min(1).exactOptional(), entry: entryInput })

export const entryView = z
  .object({
    id: z.int(),
    appId: z.string().nullable(),
    title: z.string(),
    wordings: z.array(z.string()),
    text: z.string(),
    extra: outgoingMessage.nullable(),
    audience: z.enum(['customer', 'agents']),
    state: z.enum(['draft', 'live', 'off']),
    validFrom: z.int().nullable(),
    validUntil: z.int().nullable(),
    version: z.int(),
    updatedBy: z.string(),
    updatedAt: z.int(),
    /** The page that it was taken from; null where people wrote it. */
    sourceId: z.int().nullable(),
  })
  .meta({ id: 'KnowledgeEntry' })

export type EntryView = z.infer<typeof entryView>

/** An entry in a list, with how often it was sent. */
export const listedEntry = entryView
  .extend({
    used: z.object({
      /** How often within the last 30 days. */
      recent: z.int(),
      /** When last, as far as answers are kept; null: never. */
      lastAt: z.int().nullable(),
    }),
  })
  .meta({ id: 'ListedKnowledgeEntry' })

export type ListedEntryView = z.infer<typeof listedEntry>

/** An entry as it was. */
export const versionView = z.object({ version: z.int(), at: z.int(), by: z.string(), entry: entryInput })
export type VersionView = z.infer<typeof versionView>

/** An entry as saved, and the exam’s cases that this breaks. */
export const savedEntry = z.object({ entry: entryView, broken: z.array(z.int()) })
export type SavedEntry = z.infer<typeof savedEntry>

export const searchInput = z.strictObject({
  text: z.string().trim().min(1, 'must not be empty').max(2000),
  appId: z.string().min(1).max(100).nullable().default(null),
})

/** Why an entry is found. */
export const foundView = z.object({
  entry: entryView,
  /** 0 to 1. */
  confidence: z.number(),
  matched: z.array(z.string()),
})
export type FoundView = z.infer<typeof foundView>
