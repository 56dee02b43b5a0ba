import Router from '@koa/router'
import type { Context, Middleware, Next } from 'koa'
import { openApi, type OpenApiDocument } from './openapi.js'
import { isAdmin, type Principal, type PrincipalOf } from './principal.js'
import { HttpError, httpErrorFor } from './http-error.js'
import { Raw, route, type Route } from './route.js'
import { openApiDocument } from './schemas/openapi-document.js'

export const API_PREFIX = '/api/v1'

export interface DeskApiOptions {
  readonly principalOf: PrincipalOf
  /** Milliseconds since 1970: answers carry it, and pages go by it. */
  readonly now: () => number
  /** Told of each request that a route does not carry out because of whoever asks, or what. */
  readonly onRefused?: (refused: RefusedCall) => void
}

/** A request that was refused. */
export interface RefusedCall {
  readonly ctx: Context
  /** As it stands in openapi.json, such as `POST /conversations/:id/take`: nothing that was asked. */
  readonly route: string
  /** Undefined where whoever asked showed nothing that holds. */
  readonly principal: Principal | undefined
  readonly error: unknown
}

/** The HTTP API: every route behind its access check, and openapi.json made from the same list. */
export function deskApi(
  routes: readonly Route[],
  { principalOf, now, onRefused }: DeskApiOptions,
): ReturnType<Router['routes']> {
  const all: Route[] = [...routes]
  let document: OpenApiDocument | undefined
  let text: string | undefined
  const description = route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1.',
    access: 'public',
    response: openApiDocument,
    handle: async () => (document ??= openApi(all)),
  })
  all.push(description)
  const router = new Router({ prefix: API_PREFIX }).use(safeHeaders, async (ctx, next) => {
    ctx.set('Date', new Date(now()).toUTCString())
    await next()
  })
  for (const each of routes) router.register(each.path, [each.method], serve(each, principalOf, onRefused))
  // Anybody may ask for it, so it is written out once.
  router.register(description.path, [description.method], (ctx: Context) => {
    ctx.type = 'application/json'
    ctx.body = text ??= JSON.stringify((document ??= openApi(all)))
  })
  return router.routes()
}

/** Answers are for whoever asked alone, and never anything but what they say they are. */
async function safeHeaders(ctx: Context, next: Next): Promise<void> {
  ctx.set('Cache-Control', 'no-store')
  ctx.set('X-Content-Type-Options', 'nosniff')
  await next()
}

function serve(each: Route, principalOf: PrincipalOf, onRefused: DeskApiOptions['onRefused']): Middleware {
  const parse = parser(each)
  return async (ctx) => {
    let principal: Principal | undefined
    try {
      if (each.access !== 'public') {
        principal = await known(ctx, principalOf)
        mustBeAdmitted(each, principal)
      }
      await carryOut(ctx, principal)
    } catch (error) {
      onRefused?.({ ctx, route: `${each.method} ${each.path}`, principal, error })
      throw error
    }
  }

  async function carryOut(ctx: Context, principal: Principal | undefined): Promise<void> {
    await parse(ctx, async () => {
      const result = await each.run({
        params: ctx['params'],
        query: { ...ctx.query },
        body: ctx.request.body,
        principal,
        ctx,
      })
      if (each.response instanceof Raw) return
      ctx.status = each.status
      ctx.body = each.response === null ? null : result
    })
  }
}

async function known(ctx: Context, principalOf: PrincipalOf): Promise<Principal> {
  const principal = await principalOf(ctx)
  if (!principal)
    throw new HttpError('unauthorized', 'Sign in, or show an API key: Authorization: Bearer KEY.')
  return principal
}

function mustBeAdmitted({ access }: Route, principal: Principal): void {
  if (access === 'admin' && !isAdmin(principal))
    throw httpErrorFor('admin_only', 'forbidden', 'Only an admin may do that.')
}

const nothing: Middleware = (_ctx, next) => next()

/** Reads a JSON body within its limit, before which nothing of it is looked at. */
function parser({ body, bodyLimit }: Route): Middleware {
  if (body === undefined || body instanceof Raw) return nothing
  let reading: Promise<Middleware> | undefined
  return async (ctx, next) => {
    // A route whose body may be left out is given none.
    if (ctx.get('transfer-encoding') === '' && !ctx.request.length) {
      await next()
      return
    }
    if (!ctx.is('json'))
      throw new HttpError('bad_request', 'The body must be JSON: Content-Type: application/json.')
    const read = await (reading ??= jsonParser(bodyLimit))
    await read(ctx, next)
  }
}

/** Loaded by the first request that needs it: a start is quicker without, by what decodes the world's character sets. */
async function jsonParser(limit: Route['bodyLimit']): Promise<Middleware> {
  const { bodyParser } = await import('@koa/bodyparser')
  return bodyParser({
    enableTypes: ['json'],
    jsonLimit: limit,
    // DELETE too, where a route has a body.
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
    onError(error) {
      if ('status' in error && error.status === 413)
        throw new HttpError('too_large', `The body is larger than ${limit} bytes.`)
      throw new HttpError('bad_request', 'The body is not JSON.')
    },
  })
}
