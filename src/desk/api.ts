import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import type { Context, Middleware, Next } from 'koa'
import { openApi, type OpenApiDocument } from './openapi.js'
import { isAdmin, type Principal, type PrincipalOf } from './principal.js'
import { Refusal } from './refusal.js'
import { Raw, route, type Route } from './route.js'
import { openApiDocument } from './schemas/openapi-document.js'

export const API_PREFIX = '/api/v1'

export interface DeskApiOptions {
  readonly principalOf: PrincipalOf
  /** Milliseconds since 1970: answers carry it, and pages go by it. */
  readonly now: () => number
}

/** The HTTP API: every route behind its access check, and openapi.json made from the same list. */
export function deskApi(
  routes: readonly Route[],
  { principalOf, now }: DeskApiOptions,
): ReturnType<Router['routes']> {
  const all: Route[] = [...routes]
  let document: OpenApiDocument | undefined
  const description = route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1.',
    access: 'public',
    answer: openApiDocument,
    handle: async () => (document ??= openApi(all)),
  })
  all.push(description)
  const router = new Router({ prefix: API_PREFIX }).use(safeHeaders, async (ctx, next) => {
    ctx.set('Date', new Date(now()).toUTCString())
    await next()
  })
  for (const each of all) router.register(each.path, [each.method], serve(each, principalOf))
  return router.routes()
}

/** Answers are for whoever asked alone, and never anything but what they say they are. */
async function safeHeaders(ctx: Context, next: Next): Promise<void> {
  ctx.set('Cache-Control', 'no-store')
  ctx.set('X-Content-Type-Options', 'nosniff')
  await next()
}

function serve(each: Route, principalOf: PrincipalOf): Middleware {
  const parse = parser(each)
  const answer: Middleware = async (ctx) => {
    const principal = each.access === 'public' ? undefined : await admitted(each, ctx, principalOf)
    await parse(ctx, async () => {
      const result = await each.run({
        params: ctx['params'],
        query: { ...ctx.query },
        body: ctx.request.body,
        principal,
        ctx,
      })
      if (each.answer instanceof Raw) return
      ctx.status = each.status
      ctx.body = each.answer === null ? null : result
    })
  }
  return answer
}

/** Who asks, if they may. */
async function admitted(each: Route, ctx: Context, principalOf: PrincipalOf): Promise<Principal> {
  const principal = await principalOf(ctx)
  if (!principal) throw new Refusal('unauthorized', 'Sign in, or show an API key: Authorization: Bearer KEY.')
  if (each.access === 'admin' && !isAdmin(principal))
    throw new Refusal('forbidden', 'Only an admin may do that.')
  return principal
}

const nothing: Middleware = (_ctx, next) => next()

/** Reads a JSON body within its limit, before which nothing of it is looked at. */
function parser({ body, bodyLimit }: Route): Middleware {
  if (body === undefined || body instanceof Raw) return nothing
  const read = bodyParser({
    enableTypes: ['json'],
    jsonLimit: bodyLimit,
    // DELETE too, where a route has a body.
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
    onError(error) {
      if ('status' in error && error.status === 413)
        throw new Refusal('too_large', `The body is larger than ${bodyLimit} bytes.`)
      throw new Refusal('bad_request', 'The body is not JSON.')
    },
  })
  return async (ctx, next) => {
    // A route whose body may be left out is given none.
    if (ctx.get('transfer-encoding') === '' && !ctx.request.length) {
      await next()
      return
    }
    if (!ctx.is('json'))
      throw new Refusal('bad_request', 'The body must be JSON: Content-Type: application/json.')
    await read(ctx, next)
  }
}
