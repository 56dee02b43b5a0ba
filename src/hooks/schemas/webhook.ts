import { z } from 'zod'
import { optionalClientId } from '../../http/schemas/client-id.js'
import { cursorQuery, limitQuery } from '../../http/schemas/list.js'

/** Somewhere that is told what happens. The secret is not in it. */
export const webhookView = z.object({
  id: z.int(),
  url: z.string(),
  description: z.string(),
  events: z.array(z.string()).meta({ description: 'Names of events; * is all of them.' }),
  apps: z
    .array(z.string())
    .nullable()
    .meta({ description: 'The Mini Programs that it is told of; null: all.' }),
  enabled: z.boolean(),
  disabledReason: z
    .enum(['gone', 'secret_lost'])
    .nullable()
    .meta({ description: 'gone: it answered 410. secret_lost: give it a new secret.' }),
  oldSecretUntil: z
    .int()
    .nullable()
    .meta({ description: 'Until then the secret before the last rotation signs too.' }),
  createdAt: z.int(),
  dead: z.int().meta({ description: 'How many deliveries were given up and are kept.' }),
})
export type WebhookView = z.infer<typeof webhookView>

/** An endpoint with its secret, which is shown once. */
export const webhookWithSecret = z.object({
  webhook: webhookView,
  secret: z.string().meta({ description: 'whsec_…: shown here and never again.' }),
})

const settings = {
  url: z.string().max(2000),
  description: z.string().max(200),
  events: z.array(z.string().max(64)).min(1).max(50),
  apps: z.array(z.string().min(1).max(64)).min(1).max(100).nullable(),
  enabled: z.boolean(),
}

/** PATCH /webhooks/:id */
export const webhookChange = z.strictObject({
  url: settings.url.optional(),
  description: settings.description.optional(),
  events: settings.events.optional().meta({ description: 'All of them when not given.' }),
  apps: settings.apps.optional().meta({ description: 'All of them when not given.' }),
  enabled: settings.enabled.optional(),
})

/** POST /webhooks */
export const newWebhook = webhookChange.extend({ url: settings.url, clientId: optionalClientId })

const deliveryState = z.enum(['queued', 'sending', 'delivered', 'retry', 'dead'])

/** One event that is sent to an endpoint. */
export const deliveryView = z.object({
  id: z.int(),
  webhookId: z.int(),
  eventId: z.string().meta({ description: 'What the receiver sees as webhook-id.' }),
  event: z.string(),
  sequence: z.int().nullable(),
  conversationId: z.int().nullable(),
  state: deliveryState,
  attempts: z.int(),
  nextAt: z.int().nullable(),
  status: z.int().nullable().meta({ description: 'The last answer’s.' }),
  problem: z.string().nullable().meta({ description: 'Why the last attempt failed.' }),
  createdAt: z.int(),
  settledAt: z.int().nullable(),
})
export type DeliveryView = z.infer<typeof deliveryView>

/** GET /webhooks/:id/deliveries */
export const deliveriesQuery = z.strictObject({
  state: deliveryState.optional(),
  cursor: cursorQuery.optional(),
  limit: limitQuery,
})

/** POST /webhooks/:id/replay */
export const replayed = z.object({
  replayed: z.int().meta({ description: 'How many dead ones are sent again.' }),
})
