import { z } from 'zod'
import { conversationStatus } from './conversation-view.js'
import { cursorQuery, limitQuery } from './list.js'

const agentId = z.int().min(1)
const epoch = z.exactOptional(z.int().min(0)).meta({
  description: 'The conversation’s epoch that was seen: refused (409) when its owner has changed since.',
})

/** GET /conversations */
export const conversationsQuery = z.strictObject({
  status: z
    .string()
    .transform((words) => words.split(','))
    .pipe(z.array(conversationStatus))
    .optional()
    .meta({ description: 'bot, waiting, assigned or closed; several with commas between.' }),
  agent: z
    .string()
    .regex(/^(me|none|[1-9]\d{0,14})$/, 'must be an agent’s id, me or none')
    .optional()
    .meta({ description: 'An agent’s id, `me` or `none`.' }),
  app: z.string().max(64).optional().meta({ description: 'An appid.' }),
  q: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Words in the openId, name, remark, tags or text of a customer’s conversation.' }),
  cursor: cursorQuery.optional(),
  limit: limitQuery,
})

/** GET /conversations/:id/messages */
export const messagesQuery = z.strictObject({ before: cursorQuery.optional(), limit: limitQuery })

/** POST /conversations/:id/take: an agent takes for itself, a program says for whom. */
export const takeInput = z.strictObject({ agentId: z.exactOptional(agentId), epoch })

/** POST /conversations/:id/assign */
export const assignInput = z.strictObject({ agentId, epoch })

/** POST /conversations/:id/notes */
export const noteInput = z.strictObject({
  content: z
    .string()
    .max(10_000)
    .refine((text) => text.trim() !== '', 'must not be blank'),
})

const tag = z
  .string()
  .min(1, 'must not be empty')
  .max(64)
  .refine((text) => text === text.trim(), 'must not start or end with a space')
  .refine((text) => !/\p{Cc}/u.test(text), 'must be one line')

/** PUT and POST /conversations/:id/tags: all the tags that the customer then has. */
export const tagsInput = z.strictObject({ tags: z.array(tag).max(50) })

/** POST /messages/:id/resolve: what became of an unknown message. */
export const resolveInput = z.strictObject({ state: z.enum(['accepted', 'failed']) })
