import { z } from 'zod'
import { checkOf } from '../../http/input.js'
import { optionalClientId } from '../../http/schemas/client-id.js'
import { refusal } from '../../protocol/refusals.js'

/** The words that may stand in a canned reply between {{ and }}; the page puts the values in where it is used. */
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
      if (problem) ctx.addIssue({ code: 'custom', ...problem })
    }),
  shortcut: z
    .string()
    .regex(/^[^\s/]{1,20}$/, 'must be 1 to 20 characters without spaces or slashes')
    .nullable()
    .default(null),
})
export type CannedReplyInput = z.infer<typeof cannedReplyInput>

/** POST /canned-replies */
export const newCannedReply = cannedReplyInput.extend({ clientId: optionalClientId })

function placeholderProblem(text: string): ReturnType<typeof checkOf> | undefined {
  for (const [whole, name = ''] of text.matchAll(/\{\{([^{}]*)\}\}/g))
    if (!placeholders.some((known) => known === name.trim()))
      return checkOf(
        `has the unknown placeholder ${whole.slice(0, 40)}: it may be ${placeholders.map((each) => `{{${each}}}`).join(', ')}`,
        refusal('placeholder', { field: 'content', placeholder: whole.slice(0, 40) }),
      )
  return text.replace(/\{\{[^{}]*\}\}/g, '').includes('{{')
    ? checkOf(
        'opens a placeholder with “{{” that “}}” does not close',
        refusal('placeholder_open', { field: 'content' }),
      )
    : undefined
}
