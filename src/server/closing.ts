import type { Middleware } from 'koa'

/** Where the service is in its life. */
export type Phase = 'starting' | 'running' | 'stopping'

/** While the service stops, answers end their connections, so that the next request goes to another process. */
export function closingConnections(phase: () => Phase): Middleware {
  return async (ctx, next) => {
    await next()
    if (phase() === 'stopping') ctx.set('Connection', 'close')
  }
}
