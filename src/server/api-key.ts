import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether an Authorization header shows the key, found out in the same time wherever the two differ. */
export function showsApiKey(authorization: string | undefined, apiKey: string | undefined): boolean {
  const shown = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  return shown !== undefined && apiKey !== undefined && timingSafeEqual(digest(shown), digest(apiKey))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
