import { z } from 'zod'

const words = z
  .string()
  .trim()
  .max(200)
  .refine((text) => !/\p{Cc}/u.test(text), 'must be one line')
  .transform((text) => (text === '' ? null : text))
  .nullable()
  .optional()

/** PATCH /contacts/:id */
export const contactInput = z.strictObject({ name: words, remark: words })
