import { z } from 'zod'

const webAddress = z
  .string()
  .max(2048)
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https address',
  )

/** Facts that the operator's own system has about a customer, such as an order. */
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

const MAX_CARDS = 20
const MAX_ROWS = 50
const businessCards = z.object({ cards: z.array(businessCard).max(MAX_CARDS) })

/** A text, or a number as systems have them, as long as there is room for. */
function roomFor(most: number): z.ZodType<string> {
  return z.union([z.string(), z.number(), z.boolean()]).transform((value) => {
    const text = String(value)
    return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
  })
}

/** Some systems send null or an empty text for a missing value. */
function unlessEmpty<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === null || value === '' ? undefined : value), schema.optional())
}

/**
 * The response of the operator's endpoint: one value that is longer than it may be, or a number, does not cost the other
 * cards. A link that is none, or that runs code, does: it is no mistake to be shown around.
 */
export const businessAnswer = z
  .object({
    cards: z.array(
      z.object({
        title: roomFor(100),
        rows: z
          .array(
            z.object({
              label: roomFor(100),
              value: z.preprocess((value) => value ?? '', roomFor(1000)),
              url: unlessEmpty(webAddress),
            }),
          )
          .transform((rows) => rows.slice(0, MAX_ROWS)),
        status: unlessEmpty(roomFor(50)),
      }),
    ),
  })
  .transform(({ cards }) => ({ cards: cards.filter(({ title }) => title !== '').slice(0, MAX_CARDS) }))

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
