import { z } from 'zod'

/** A name that a page or program gives to a submit, so that the same submit, made again, is done once. */
export const clientId = z
  .string()
  .regex(/^[\w.:-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", ".", ":" or "-"')

/** The same where it may be left out: each submit is then one of its own. */
export const optionalClientId = z.exactOptional(clientId).meta({
  description:
    'A name for this submit: made again within a day, the same submit answers what the first one did.',
})

/** The body of a POST that has nothing else to say. */
export const submitInput = z.strictObject({ clientId: optionalClientId }).optional()
