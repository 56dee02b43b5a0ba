import { z } from 'zod'

/** What a request that is refused, or fails, is answered with. */
export const errorAnswer = z
  .object({
    error: z.object({
      /** A stable word for programs. */
      code: z.string(),
      /** For people: what is wrong and what to do. */
      message: z.string(),
      /** Which part of the input it is about, such as `message.content`. */
      field: z.exactOptional(z.string()),
      /** A word for what is wrong with it, from which a page makes its own sentence. */
      reason: z.exactOptional(z.string()),
      /** The most or the least that may be. */
      limit: z.exactOptional(z.number()),
    }),
  })
  .meta({ id: 'Error' })
export type ErrorAnswer = z.infer<typeof errorAnswer>
