import { z } from 'zod'
import { optionalClientId } from '../../http/schemas/client-id.js'

const scope = z.union([z.literal('all'), z.array(z.string().min(1).max(64)).min(1).max(100)])

/** A program's key, as it is shown: never the key itself. */
export const apiKeyView = z
  .object({
    id: z.int(),
    name: z.string(),
    /** The key's first characters. */
    hint: z.string(),
    /** The Mini Programs it may see. */
    apps: z.union([z.literal('all'), z.array(z.string())]),
    createdAt: z.int(),
    usedAt: z.int().nullable(),
  })
  .meta({ id: 'ApiKey' })
export type ApiKeyView = z.infer<typeof apiKeyView>

/** POST /api-keys */
export const apiKeyInput = z.strictObject({
  name: z.string().trim().min(1, 'must not be empty').max(64),
  apps: scope.default('all'),
  clientId: optionalClientId,
})

/** The one answer that has the key in it. */
export const newApiKey = apiKeyView.extend({ key: z.string() })
export type NewApiKey = z.infer<typeof newApiKey>
