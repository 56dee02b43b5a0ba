import { z } from 'zod'

const sentence = z.string().trim().min(1, 'must not be empty').max(300)

/** How an assistant answers. */
export const assistantSettings = z.strictObject({
  /** `match` sends what fits surely and asks no model; `select` has a model choose the entry. */
  level: z.enum(['match', 'select']).default('select'),
  /** For the model: who the shop is and how to choose. */
  guidance: z.string().trim().max(1000).default(''),
  /** Words that give the conversation to people at once. */
  topics: z
    .array(z.string().trim().min(1).max(40))
    .max(50)
    .default(['投诉', '举报', '赔偿', '律师', '起诉', '12315', '消协']),
  /** From which confidence on an entry is sent without a model; null: never. */
  matchAt: z.number().min(0.1).max(1).nullable().default(null),
  /** The business hours that tell whether people are there; null: they always are. */
  schedule: z.string().trim().min(1).max(64).nullable().default(null),
  words: z
    .strictObject({
      /** With a hand-over while people are there, and while they are not. */
      handover: sentence.default('这个问题我帮您转给人工客服。'),
      handoverClosed: sentence.default('现在是休息时间，人工客服上班后会尽快回复您。'),
      greeting: sentence.default('您好，请问有什么可以帮您？'),
      /** In answer to thanks; null: nothing, which costs nothing. */
      thanks: sentence.nullable().default(null),
    })
    .prefault({}),
})
export type AssistantSettings = z.infer<typeof assistantSettings>

/** The settings that an assistant begins with. */
export const defaultSettings: AssistantSettings = assistantSettings.parse({})
