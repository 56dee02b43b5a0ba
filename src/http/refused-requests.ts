import type { Context } from 'koa'
import { API_PREFIX, type RefusedCall } from './api.js'
import { principalWord } from './principal.js'
import type { Logger } from '../log.js'
import { BoundedLines } from '../bounded-lines.js'

export interface RefusedRequestsOptions {
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Whom a request is from. */
  readonly addressOf: (ctx: Context) => string
}

/**
 * Says of each request to the API that was refused who asked, from where, which route, and how it was answered:
 * nothing of what the request says itself.
 */
export class RefusedRequests {
  readonly #options: RefusedRequestsOptions
  readonly #lines: BoundedLines
  /** The router's facts about a request, until it is answered. */
  readonly #calls = new WeakMap<Context, Pick<RefusedCall, 'route' | 'principal'>>()

  constructor(options: RefusedRequestsOptions) {
    this.#options = options
    this.#lines = new BoundedLines({
      logger: options.logger,
      now: options.now,
      summary: 'further API requests were refused within a minute',
    })
  }

  readonly noteCall = ({ ctx, route, principal }: RefusedCall): void => {
    this.#calls.set(ctx, { route, principal })
  }

  readonly noteAnswer = (ctx: Context, { status, code }: { status: number; code: string }): void => {
    if (ctx.path !== '/metrics' && !ctx.path.startsWith(`${API_PREFIX}/`)) return
    const { route = ctx.path === '/metrics' ? 'GET /metrics' : 'none', principal } =
      this.#calls.get(ctx) ?? {}
    const by = principal ? principalWord(principal) : 'nobody'
    const address = this.#options.addressOf(ctx)
    this.#lines.warn({ by, address, route, status, code }, 'a request was refused')
  }
}
