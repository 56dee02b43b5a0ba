import type { Api } from 'kefu'

/** WeChat keeps a picture for three days; a margin for what is read late. */
const LIFE_MS = 2 * 24 * 60 * 60 * 1000

/** Gives a picture's media id, for any number of messages: uploads it when first asked, and anew before WeChat drops it. */
export function picture(api: Api, file: string, now = Date.now): () => Promise<string> {
  let current: { upload: ReturnType<Api['uploadTempMedia']>; at: number } | undefined
  return async () => {
    if (!current || now() - current.at > LIFE_MS) current = { upload: api.uploadTempMedia(file), at: now() }
    const { upload } = current
    try {
      return (await upload).mediaId
    } catch (error) {
      if (current.upload === upload) current = undefined // the next message tries again
      throw error
    }
  }
}
