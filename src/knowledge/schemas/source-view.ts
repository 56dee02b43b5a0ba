import { z } from 'zod'
import { sourceProblems } from '../../protocol/source-problems.js'

/** POST /knowledge/sources */
export const newSource = z.strictObject({
  /** http or https. */
  url: z.string().trim().min(1, 'must not be empty').max(2000),
  /** The Mini Program that its entries are for; null for all. */
  appId: z.string().min(1).max(100).nullable().default(null),
  /** The state of entries that are new: `draft` until somebody has looked at them. */
  newState: z.enum(['draft', 'live']).default('draft'),
})

/** A page of the web that entries are taken from. */
export const sourceView = z
  .object({
    id: z.int(),
    appId: z.string().nullable(),
    url: z.string(),
    /** The page's title. */
    name: z.string(),
    newState: z.enum(['draft', 'live']),
    state: z.enum(['waiting', 'reading', 'ok', 'failed']),
    /** Why it could not be read the last time; its entries stay as they were. */
    problem: z.enum(sourceProblems).nullable(),
    /** The status that it answered with, where that is the problem. */
    status: z.int().nullable(),
    /** What the last reading did to the entries. */
    outcome: z.object({ added: z.int(), changed: z.int(), gone: z.int() }).nullable(),
    /** How many entries are pieces of it. */
    entries: z.int(),
    /** When it was tried last, when read last, and when it will be tried next. */
    checkedAt: z.int().nullable(),
    readAt: z.int().nullable(),
    nextAt: z.int(),
  })
  .meta({ id: 'KnowledgeSource' })

export type SourceView = z.infer<typeof sourceView>
