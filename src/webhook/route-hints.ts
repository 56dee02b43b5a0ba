import { parse as parseQuery } from 'node:querystring'
import { BoundedLines } from '../bounded-lines.js'
import type { Logger } from '../log.js'

/** Characters of a stranger's path that a log shows at most. */
const MAX_PATH = 200

/** Whether a request asks as WeChat's pusher does, by its query alone. Nothing shows that it is WeChat's. */
export function looksLikePush(querystring: string): boolean {
  if (!querystring.includes('signature=')) return false
  const query = parseQuery(querystring)
  return 'timestamp' in query && 'nonce' in query && ('signature' in query || 'msg_signature' in query)
}

/** Says of requests that look like pushes, and that nobody answered, that their path may be wrong. */
export class StrayPushes {
  readonly #lines: BoundedLines
  readonly #right: string

  /** `right` is the path at which pushes are taken. */
  constructor({ logger, now, right }: { logger: Logger; now: () => number; right: string }) {
    this.#right = right
    const summary = 'further requests that look like WeChat’s pushes were answered 404 within a minute'
    this.#lines = new BoundedLines({ logger, now, summary })
  }

  note(method: string, path: string): void {
    this.#lines.warn(
      { method, path: path.slice(0, MAX_PATH), status: 404 },
      `a request that looks like WeChat’s push was answered 404: is the path right? Pushes are taken at ${this.#right}, as 消息推送 at mp.weixin.qq.com must say.`,
    )
  }
}

/** Whether the Koa router around a middleware gives it a path's POST and has nothing for the GET; of other hosts nothing is known. */
export function lacksGet({ router, path }: { readonly router?: unknown; readonly path: string }): boolean {
  if (typeof router !== 'object' || router === null || !('match' in router)) return false
  const { match } = router
  if (typeof match !== 'function') return false
  const found: unknown = match.call(router, path, 'GET')
  return typeof found === 'object' && found !== null && 'route' in found && found.route === false
}
