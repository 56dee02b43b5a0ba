import type { Endpoint } from './api-call.js'
import { mediaEndpoints } from './api-media.js'
import { messageEndpoints } from './api-message.js'
import { openapiEndpoints } from './api-openapi.js'
import { tokenEndpoints } from './api-token.js'
import { isPageFile } from './phone-page.js'
import { RidLog } from './rid-log.js'

/** The paths of WeChat's API that the emulator plays. */
export function apiEndpoints(rids: RidLog): ReadonlyMap<string, Endpoint> {
  const groups = [tokenEndpoints, messageEndpoints, mediaEndpoints, openapiEndpoints(rids)]
  return new Map(groups.flatMap((group) => Object.entries(group)))
}

const played: ReadonlySet<string> = new Set(apiEndpoints(new RidLog()).keys())

/** Whether the emulator answers a path itself: its API, its control API, or its page. */
export function isPlayed(path: string): boolean {
  return played.has(path) || isPageFile(path) || /^\/(_emulator|w)(\/|$)/.test(path)
}
