import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import type { People } from '../server/people.js'

/** The way in to the demo's desk. */
export interface DemoDoor {
  /** Below the service's address: whoever opens it is signed in as the demo's agent. */
  readonly path: string
  page(people: People): Middleware
}

/**
 * Signs in whoever opens the address that the terminal shows. Its key is made anew for each demo, and a demo's
 * database ends with it; the service itself has no such way in.
 */
export function demoDoor(agentId: number): DemoDoor {
  const key = randomBytes(16).toString('base64url')
  const prefix = '/demo/desk/'
  return {
    path: `${prefix}${key}`,
    page: (people) => async (ctx, next) => {
      if (!ctx.path.startsWith(prefix) || ctx.method !== 'GET') {
        await next()
        return
      }
      if (!timingSafeEqual(digest(ctx.path.slice(prefix.length)), digest(key))) ctx.throw(404)
      await people.guard.begin(ctx, agentId)
      ctx.set('Cache-Control', 'no-store')
      ctx.set('Referrer-Policy', 'no-referrer')
      ctx.redirect('/')
    },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
