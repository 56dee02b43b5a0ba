import { z } from 'zod'
import { conversationSorts } from '../../conversation/index.js'
import { clientId } from '../../http/schemas/client-id.js'
import { conversationStatus } from './conversation-view.js'
import { cursorQuery, limitQuery } from '../../http/schemas/list.js'
import { LARGEST } from '../../http/schemas/plain-input.js'

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((word) => word === 'true')
  .meta({ type: 'boolean' })
const agentId = z.int().min(1).max(LARGEST)
const epoch = z.exactOptional(z.int().min(0).max(LARGEST)).meta({
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
  tag: z.string().max(64).optional().meta({ description: 'A tag that the customer has.' }),
  source: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: 'The `session-from` with which the customer last entered, as it came.' }),
  sourceKey: z.string().min(1).max(256).optional().meta({
    description:
      'A field that the `session-from` with which the customer last entered has, as `order` of `order=1024`: of JSON or of a query.',
  }),
  sourceValue: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: 'What that field says; with `sourceKey` only.' }),
  failed: flag
    .optional()
    .meta({ description: 'Whether one of the latest outgoing messages is failed or unknown.' }),
  expiring: z
    .string()
    .regex(/^([1-9]|[1-3]\d|4[0-8])$/, 'must be a whole number of hours from 1 to 48')
    .transform(Number)
    .optional()
    .meta({
      type: 'integer',
      description: 'The time to answer the customer’s last message ends within so many hours, 1 to 48.',
    }),
  sort: z.enum(conversationSorts).optional().meta({
    description:
      '`recent` (the newest message first, when not given), `waiting` (who waits longest first) or `expiring` (whose time to be answered ends soonest first). What `q` finds comes in the first order always.',
  }),
  q: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Words in the openId, name, remark, tags or text of a customer’s conversation.' }),
  cursor: z
    .string()
    .regex(/^\d{1,16}(\.\d{1,16})?$/, 'must be the "next" of the page before')
    .optional()
    .meta({ description: 'The `next` of the page before, in the same order.' }),
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
  clientId: z.exactOptional(clientId).meta({
    description:
      'The same `clientId` in the same conversation is written once; without one each note is another.',
  }),
})

const tag = z
  .string()
  .min(1, 'must not be empty')
  .max(64)
  .refine((text) => text === text.trim(), 'must not start or end with a space')
  .refine((text) => !/\p{Cc}/u.test(text), 'must be one line')

/** PUT and POST /conversations/:id/tags: all the tags that the customer then has. */
export const tagsInput = z.strictObject({ tags: z.array(tag).max(50) })

/** PATCH /conversations/:id/tags: some more and some fewer; the others stay. */
export const tagsChange = z
  .strictObject({ add: z.array(tag).max(50).default([]), remove: z.array(tag).max(50).default([]) })
  .refine(({ add, remove }) => !add.some((each) => remove.includes(each)), {
    path: ['remove'],
    message: 'must not have a tag that is added too',
  })

/** POST /conversations/:id/undo */
export const undoInput = z.strictObject({
  epoch: z.int().min(0).meta({ description: 'The epoch that the close or release answered.' }),
})

/** POST /messages/:id/resolve: what became of an unknown message. */
export const resolveInput = z.strictObject({ state: z.enum(['accepted', 'failed']) })
