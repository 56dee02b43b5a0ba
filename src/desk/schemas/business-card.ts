import { z } from 'zod'

const webAddress = z
  .string()
  .max(2048)
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https address',
  )

/** What the operator's own system knows about a customer, such as an order. */
export const businessCard = z
  .object({
    title: z.string().min(1).max(100),
    rows: z
      .array(
        z.object({ label: z.string().max(100), value: z.string().max(1000), url: webAddress.optional() }),
      )
      .max(50),
    /** Such as 「已发货」. */
    status: z.string().max(50).optional(),
  })
  .meta({ id: 'BusinessCard' })

/** What the operator's endpoint answers. */
export const businessCards = z.object({ cards: z.array(businessCard).max(20) })

/** `configured` is false where no endpoint is set. */
export const businessView = businessCards.extend({ configured: z.boolean() })
export type BusinessView = z.infer<typeof businessView>

/** Where business cards come from. */
export const businessSettings = z.object({
  url: z.string().nullable(),
  /** Shown once, when it was made. */
  secret: z.string().nullable(),
})

export const businessSettingsInput = z.strictObject({
  /** Null: none. */
  url: webAddress.nullable(),
  /** Makes another secret in the place of the one so far. */
  newSecret: z.boolean().default(false),
})
export type BusinessSettingsInput = z.infer<typeof businessSettingsInput>
