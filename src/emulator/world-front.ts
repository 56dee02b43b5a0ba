import type { Middleware } from 'koa'
import { ConfigError } from '../errors.js'
import { ControlError } from './control-http.js'
import { fail } from './guard.js'
import type { Worlds } from './worlds.js'

/** Leads from `/w/NAME` to `/w/NAME/`, below which the phone's own files are found. */
export function withSlash(worlds: Worlds): Middleware {
  return async (ctx, next) => {
    const { prefix, lacksSlash } = worlds.addressOf(ctx.req)
    if (!lacksSlash || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) {
      await next()
      return
    }
    ctx.redirect(`${prefix}/${ctx.search}`)
    ctx.status = 308
  }
}

/**
 * WeChat's API, as the world of each request answers it. A world that is not there is made when `mayOpen`: where a key
 * is asked for, only the control API makes any.
 */
export function toItsWorld(worlds: Worlds, mayOpen: boolean): Middleware {
  return async (ctx, next) => {
    try {
      // A page of another site may have a browser ask for anything that changes nothing here.
      const isForeign = ['cross-site', 'same-site'].includes(ctx.get('sec-fetch-site'))
      const world = worlds.of(ctx.req, mayOpen && !isForeign)
      await world.api(ctx, next)
    } catch (error) {
      if (error instanceof ControlError) fail(ctx, error.status, error.code, error.message)
      else if (error instanceof ConfigError) fail(ctx, 400, 'invalid_input', error.message)
      else throw error
    }
  }
}
