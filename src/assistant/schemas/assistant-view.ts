import { z } from 'zod'
import { modelReasons } from '../../protocol/model-reasons.js'
import { answerKinds, assistantReasons, runOutcomes } from '../../protocol/turns.js'
import { assistantSettings } from '../assistant-settings.js'

/** An assistant's name in a path: as rules write it. */
export const byName = z.object({ name: z.string().trim().min(1).max(64) })

export const assistantView = z
  .object({
    name: z.string(),
    draft: assistantSettings,
    /** Null while none was published: then what rules leave to it goes to people. */
    liveVersion: z.int().nullable(),
    /** Whether the draft is what answers. */
    isPublished: z.boolean(),
    updatedAt: z.int(),
    /** From which sureness on the retrieval exam lets entries be sent without a model; null: from none. */
    earnedMatchAt: z.number().nullable(),
  })
  .meta({ id: 'Assistant' })

export const assistantVersionView = z.object({
  version: z.int(),
  settings: assistantSettings,
  by: z.string(),
  at: z.int(),
})

const candidateView = z.object({
  id: z.int(),
  version: z.int(),
  /** The entry's question now; null where it is gone. */
  title: z.string().nullable(),
  confidence: z.number(),
  isChosen: z.boolean(),
})

const effort = {
  candidates: z.array(candidateView),
  calls: z.int(),
  tokensIn: z.int(),
  tokensOut: z.int(),
  model: z.string().nullable(),
  firstTokenMs: z.int().nullable(),
  totalMs: z.int(),
  /** Why the model gave no answer; null where it did, or was not asked. */
  detail: z.enum(modelReasons).nullable(),
}

export const tryInput = z.strictObject({
  /** What a customer says, one message after the other. */
  says: z.array(z.string().trim().min(1).max(2000)).min(1).max(5),
  appId: z.string().min(1).max(100).nullable().default(null),
})

/** What an assistant would do. */
export const triedView = z.object({
  ...effort,
  kind: z.enum(['answer', 'silence', 'handoff']),
  how: z.enum(answerKinds).nullable(),
  /** What the customer would read; null: nothing. */
  text: z.string().nullable(),
  reason: z.enum(assistantReasons).nullable(),
})

/** How an answer came about. */
export const runView = z
  .object({
    ...effort,
    id: z.int(),
    conversationId: z.int(),
    assistant: z.string(),
    version: z.int().nullable(),
    kind: z.enum(answerKinds).nullable(),
    outcome: z.enum(runOutcomes),
    reason: z.string().nullable(),
    at: z.int(),
  })
  .meta({ id: 'Run' })
