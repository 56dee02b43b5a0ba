import { z } from 'zod'

/** The body of a request that is refused or fails. */
export const errorAnswer = z
  .object({
    error: z.object({
      /** A stable word for programs. */
      code: z.string(),
      /** For people: what is wrong and what to do. */
      message: z.string(),
      /** A stable word that says more exactly what is wrong, where there is one. */
      reason: z.exactOptional(z.string()),
      /** The values of `reason` that a sentence about it needs, such as `{ "field": "title", "limit": 60 }`. */
      params: z.exactOptional(z.record(z.string(), z.unknown())),
      /** `params.field`: which part of the input it is about, such as `message.content`. */
      field: z.exactOptional(z.string()),
      /** `params.limit`: the most or the least that may be. */
      limit: z.exactOptional(z.number()),
    }),
  })
  .meta({ id: 'Error' })
export type ErrorAnswer = z.infer<typeof errorAnswer>
