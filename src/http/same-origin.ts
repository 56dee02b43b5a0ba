import { timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { HttpError, httpErrorFor } from './http-error.js'

/** Content types that a browser sends without asking the server first: a form of any site can. */
const simpleTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']

/**
 * Refuses what another site's page sent along with our cookie, as far as the browser says where a request comes
 * from. `publicUrl` is ours beside the address that was asked.
 */
export function mustBeSameOrigin(ctx: Context, publicUrl: string | undefined): void {
  const site = ctx.get('sec-fetch-site')
  const safe = isSafe(ctx)
  // `none`: a person typed or opened the address.
  if (site !== '' && site !== 'same-origin' && !(safe && site === 'none')) throw foreign()
  const origin = ctx.get('origin')
  if (origin !== '' && !isOurs(origin, ctx, publicUrl)) throw foreign()
  if (!safe && hasBody(ctx) && isSimple(ctx.get('content-type')))
    throw new HttpError('bad_request', 'The body must be JSON: Content-Type: application/json.')
}

/** Refuses what changes something without the session's token in `X-CSRF-Token`. */
export function mustShowToken(ctx: Context, token: string): void {
  if (isSafe(ctx)) return
  const [shown, known] = [Buffer.from(ctx.get('x-csrf-token')), Buffer.from(token)]
  if (shown.length !== known.length || !timingSafeEqual(shown, known))
    throw httpErrorFor(
      'reload',
      'forbidden',
      'X-CSRF-Token must be the csrfToken of GET /session. Load the page again.',
    )
}

/** Whether the address that was asked is this machine's own, as a browser here calls it. */
export function isLoopbackName(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}

function isSafe({ method }: Context): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isOurs(origin: string, ctx: Context, publicUrl: string | undefined): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host, origin: normal } = new URL(origin)
  if (publicUrl !== undefined && normal === new URL(publicUrl).origin) return true
  return /^https?:$/.test(protocol) && host === ctx.get('host').toLowerCase()
}

function hasBody(ctx: Context): boolean {
  return ctx.get('transfer-encoding') !== '' || Number(ctx.get('content-length')) > 0
}

function isSimple(contentType: string): boolean {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return type === '' || simpleTypes.includes(type)
}

function foreign(): HttpError {
  return httpErrorFor(
    'foreign',
    'forbidden',
    'This came from another site’s page. Behind a proxy, KEFU_PUBLIC_URL must be the address that people open.',
  )
}
