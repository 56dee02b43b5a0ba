import { z } from 'zod'

/** A page of a list; `next` is the cursor of the page behind it, null behind the last. */
export function listOf<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; next: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

/** How many items a page has: 50 when not given. */
export const limitQuery = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 200')
  .transform(Number)
  .pipe(z.number().min(1, 'must be from 1 to 200').max(200, 'must be from 1 to 200'))
  .default(50)
  .meta({ type: 'integer', description: '1 to 200; 50 when not given.' })

/** A cursor: a list's `next`. */
export const cursorQuery = z
  .string()
  .regex(/^\d{1,16}$/, 'must be the "next" of the page before')
  .transform(Number)
  .meta({ description: 'The `next` of the page before.' })

/** An id in a path. */
export const idParam = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number)
  .meta({ type: 'integer' })

/** The path of what has an id. */
export const byId = z.object({ id: idParam })
