import { z } from 'zod'

/** The providers that the fake model can be. */
export const modelProfiles = ['openai', 'deepseek', 'qwen', 'glm', 'kimi', 'hunyuan', 'ollama'] as const
export type ModelProfile = (typeof modelProfiles)[number]

export const scriptLine = z.strictObject({
  /** Answers where the customer's last text holds this; every time when not given. */
  when: z.exactOptional(z.string().min(1).max(500)),
  /** The answer: a text as it goes out, or JSON. */
  answer: z.union([z.string().max(50_000), z.record(z.string(), z.unknown())]),
  /** So many times; always when not given. */
  times: z.exactOptional(z.int().min(1).max(1000)),
})
export type ScriptLine = z.infer<typeof scriptLine>

export const scriptInput = z.strictObject({ lines: z.array(scriptLine).max(200) })

export const profileInput = z.strictObject({ profile: z.enum(modelProfiles) })

/** What goes wrong with the next calls. */
export const modelFaultInput = z.strictObject({
  /** So many times; always when not given. */
  times: z.exactOptional(z.int().min(1).max(1000)),
  /** An error in the provider's own form. */
  status: z.exactOptional(z.int().min(200).max(599)),
  code: z.exactOptional(z.union([z.string().max(100), z.int()])),
  /** Seconds, as a header. */
  retryAfter: z.exactOptional(z.int().min(0).max(3600)),
  delayMs: z.exactOptional(z.int().min(0).max(120_000)),
  /** Where it stops for ever: before the headers, before the first word, behind half of it, or with comments only. */
  hang: z.exactOptional(z.enum(['headers', 'first', 'middle', 'comments', 'thoughts'])),
  /** The connection breaks behind half of the answer. */
  cut: z.exactOptional(z.boolean()),
  /** The answer ends for its length. */
  tooLong: z.exactOptional(z.boolean()),
  empty: z.exactOptional(z.boolean()),
  html: z.exactOptional(z.boolean()),
})
export type ModelFaultInput = z.infer<typeof modelFaultInput>

/** Which provider it plays, and what still goes wrong. */
export const modelView = z
  .strictObject({ profile: z.enum(modelProfiles), faults: z.array(modelFaultInput) })
  .meta({ id: 'Model' })
export type ModelView = z.infer<typeof modelView>

/** A call as the fake model had it. */
export const modelCallView = z
  .strictObject({
    sequence: z.int(),
    /** Milliseconds since 1970. */
    at: z.number(),
    model: z.string(),
    /** The request's body as it came. */
    request: z.record(z.string(), z.unknown()),
    status: z.int(),
    /** What was said; null where nothing was. */
    answer: z.string().nullable(),
    durationMs: z.int(),
    /** The client went away before the end. */
    isAborted: z.boolean(),
  })
  .meta({ id: 'ModelCall' })
export type ModelCall = z.infer<typeof modelCallView>
