import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiKeys } from './api-keys.js'
import type { PrincipalOf } from './principal.js'
import { Refusal } from './refusal.js'

/** The key of an Authorization header; undefined when it shows none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/** Whether an Authorization header shows the key, found out in the same time wherever the two differ. */
export function showsApiKey(authorization: string | undefined, apiKey: string | undefined): boolean {
  const shown = bearerOf(authorization)
  return shown !== undefined && apiKey !== undefined && timingSafeEqual(digest(shown), digest(apiKey))
}

/** Programs: KEFU_API_KEY opens everything, a key that was made at the desk what it was made for. Others are refused. */
export function programOf(apiKey: string | undefined, keys: Pick<ApiKeys, 'find'>): PrincipalOf {
  return async (ctx) => {
    const authorization = ctx.get('authorization')
    const shown = bearerOf(authorization)
    // Another scheme is a proxy's.
    if (shown === undefined) return undefined
    if (showsApiKey(authorization, apiKey))
      return { kind: 'program', keyId: null, name: 'KEFU_API_KEY', apps: 'all' }
    const program = await keys.find(shown)
    if (!program) throw new Refusal('unauthorized', 'The API key is not known here.')
    return program
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
