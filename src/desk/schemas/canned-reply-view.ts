import { z } from 'zod'

/** What may stand in a canned reply between {{ and }}; the page puts the values in where it is used. */
export const placeholders = ['contact.name', 'agent.name', 'app.name', 'sessionFrom'] as const

/** An answer that agents have ready. */
export const cannedReplyView = z
  .object({
    id: z.int(),
    /** The Mini Program that it is for; null for all. */
    appId: z.string().nullable(),
    title: z.string(),
    /** With placeholders: {{contact.name}}, {{agent.name}}, {{app.name}}, {{sessionFrom}}. */
    content: z.string(),
    /** A word that it is found by, such as `tk`. */
    shortcut: z.string().nullable(),
    /** The title in Latin letters: syllables, and their first letters. */
    pinyin: z.array(z.string()),
  })
  .meta({ id: 'CannedReply' })
export type CannedReplyView = z.infer<typeof cannedReplyView>

export const cannedReplyInput = z.strictObject({
  appId: z.string().max(100).nullable().default(null),
  title: z.string().trim().min(1, 'must not be empty').max(60),
  content: z
    .string()
    .refine((text) => text.trim() !== '', 'must not be blank')
    .max(2000)
    .superRefine((text, ctx) => {
      const problem = placeholderProblem(text)
      if (problem !== undefined) ctx.addIssue(problem)
    }),
  shortcut: z
    .string()
    .regex(/^[^\s/]{1,20}$/, 'must be 1 to 20 characters without spaces or slashes')
    .nullable()
    .default(null),
})
export type CannedReplyInput = z.infer<typeof cannedReplyInput>

function placeholderProblem(text: string): string | undefined {
  for (const [whole, name = ''] of text.matchAll(/\{\{([^{}]*)\}\}/g))
    if (!placeholders.some((known) => known === name.trim()))
      return `has the unknown placeholder ${whole.slice(0, 40)}: it may be ${placeholders.map((each) => `{{${each}}}`).join(', ')}`
  return text.replace(/\{\{[^{}]*\}\}/g, '').includes('{{')
    ? 'opens a placeholder with “{{” that “}}” does not close'
    : undefined
}
