import { z } from 'zod'

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
})
