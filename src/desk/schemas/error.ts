import { z } from 'zod'

/** What a request that is refused, or fails, is answered with. */
export const errorAnswer = z
  .object({
    error: z.object({
      /** A stable word for programs. */
      code: z.string(),
      /** For people: what is wrong and what to do. */
      message: z.string(),
    }),
  })
  .meta({ id: 'Error' })
export type ErrorAnswer = z.infer<typeof errorAnswer>
