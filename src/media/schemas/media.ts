import { z } from 'zod'
import { clientId } from '../../http/schemas/client-id.js'

/** A picture of a message, as far as it is here. */
export const mediaSummary = z
  .object({
    id: z.int(),
    state: z.enum(['wanted', 'stored', 'failed', 'expired']),
    /**
     * Why it is not here: `too_large`, `too_many_pixels`, `unsupported`, `network`, `not_configured`, or WeChat's
     * errcode. One that is `wanted` all the same is tried again by itself.
     */
    problem: z.string().nullable(),
    mime: z.string().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
  })
  .meta({ id: 'MediaSummary' })
export type MediaSummary = z.infer<typeof mediaSummary>

/** A picture that was uploaded: `mediaId` goes into messages, `id` is where the desk finds it. */
export const uploadedPicture = z
  .object({
    id: z.int(),
    mediaId: z.string(),
    mime: z.string(),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
  })
  .meta({ id: 'UploadedPicture' })
export type UploadedPicture = z.infer<typeof uploadedPicture>

/** For which Mini Program a picture is. */
export const uploadQuery = z.object({
  appId: z.string().min(1, 'must not be empty').max(100).meta({ description: 'The Mini Program’s appid.' }),
  clientId: clientId.optional().meta({
    description: 'A name for this upload: made again within a day, it answers what the first one did.',
  }),
})
