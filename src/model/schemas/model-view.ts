import { z } from 'zod'
import { modelPresets, modelReasons } from '../../protocol/model-reasons.js'

const provider = z.object({
  preset: z.enum(modelPresets),
  url: z.string(),
  model: z.string(),
  /** Whether there is a key: it is never shown. */
  hasKey: z.boolean(),
})

export const modelView = z.object({
  /** Who set it up: KEFU_AI_URL stands before the desk. */
  source: z.enum(['environment', 'desk']),
  main: provider.nullable(),
  fallback: provider.nullable(),
  /** Why the first one is not asked until it was checked; null where it is. */
  failing: z.enum(modelReasons).nullable(),
  dailyTokens: z.int(),
  /** The base address that each provider usually has. */
  presets: z.array(z.object({ name: z.enum(modelPresets), url: z.string() })),
})

const providerInput = z.strictObject({
  preset: z.enum(modelPresets),
  url: z
    .string()
    .trim()
    .max(500)
    .regex(/^https?:\/\/[^\s/?#@]+[^\s?#@]*$/i, 'must be an http or https address without a password')
    .transform((url) => url.replace(/\/+$/, '')),
  model: z.string().trim().min(1, 'must not be empty').max(200),
  /** Not given: as it was. Null: none. */
  key: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .regex(/^[\x21-\x7e]+$/, 'must be letters, digits and signs without spaces')
    .nullable()
    .exactOptional(),
})

export const modelInput = z.strictObject({
  main: providerInput.nullable(),
  fallback: providerInput.nullable().default(null),
})
export type ProviderInput = z.infer<typeof providerInput>

/** What was found about a model. */
export const checkView = z.object({
  ok: z.boolean(),
  /** Why it gave no answer. */
  reason: z.enum(modelReasons).nullable(),
  /** Whether it thinks before it answers, which a customer would wait for; null where it gave no answer. */
  thinks: z.boolean().nullable(),
  /** Whether it answered in JSON, as it was asked to. */
  json: z.boolean().nullable(),
  firstTokenMs: z.int().nullable(),
  totalMs: z.int().nullable(),
})

export const spendingView = z.object({
  day: z.string(),
  appId: z.string(),
  calls: z.int(),
  tokensIn: z.int(),
  tokensOut: z.int(),
})
