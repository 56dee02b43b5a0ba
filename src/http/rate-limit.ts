import { isIPv6 } from 'node:net'
import type { Context, Middleware } from 'koa'
import { API_PREFIX } from './api.js'
import { HttpError } from './http-error.js'
import type { PrincipalOf } from './principal.js'
import type { Logger } from '../log.js'
import type { ClientAddress } from './client-address.js'
import { ProvenHeaders } from './proven-headers.js'
import { TokenBuckets } from './token-buckets.js'

export interface RateLimitOptions {
  readonly client: Pick<ClientAddress, 'of'>
  /** Finds out whose the key or session of a request is; undefined, or an HttpError, when it is nobody's. */
  readonly principalOf: PrincipalOf
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Addresses that are remembered: some MB at most. */
const MAX_CLIENTS = 20_000
const WARN_MS = 60_000

/**
 * How much one address may ask, also of this machine. It stands behind the webhook: WeChat's pushes are many, from
 * few addresses, and signed. What a key or session is good for is found out, never taken from its being there.
 */
export function rateLimit({ client, principalOf, logger, now }: RateLimitOptions): Middleware {
  // A page loads a few dozen files, and an office of people may share one address.
  const signedIn = new TokenBuckets({ burst: 1000, perSecond: 100, most: MAX_CLIENTS, now })
  // Without a key or session that holds there is the sign-in page, and no more.
  const unknown = new TokenBuckets({ burst: 200, perSecond: 20, most: MAX_CLIENTS, now })
  // A balancer asks whether we are well, whatever others ask through it.
  const health = new TokenBuckets({ burst: 60, perSecond: 20, most: MAX_CLIENTS, now })
  const proven = new ProvenHeaders(now)
  let warnedAt = -Infinity

  function charge(buckets: TokenBuckets, ctx: Context): void {
    const address = client.of(ctx.req)
    const wait = buckets.take(clientKey(address))
    if (wait === 0) return
    if (Math.abs(now() - warnedAt) >= WARN_MS) {
      warnedAt = now()
      logger.warn({ address }, hint(ctx.get('x-forwarded-for') !== '' && address === remote(ctx.req.socket)))
    }
    throw new HttpError('too_many', 'Too many requests from your address. Wait a moment, then go on.', {
      'Retry-After': String(Math.ceil(wait / 1000)),
    })
  }

  /** Whether a request is somebody's; only what asks for it costs a look. */
  async function isKnown(ctx: Context): Promise<boolean> {
    if (!ctx.path.startsWith(`${API_PREFIX}/`)) return proven.has(ctx)
    try {
      const principal = await principalOf(ctx)
      if (principal) proven.add(ctx)
      return principal !== undefined
    } catch (error) {
      // A database that is away makes nobody a stranger: the route says so itself.
      if (!(error instanceof HttpError)) return true
      proven.remove(ctx)
      return false
    }
  }

  return async (ctx, next) => {
    if (ctx.path === '/healthz' || ctx.path === '/readyz') charge(health, ctx)
    else if (ctx.get('authorization') === '' && ctx.get('cookie') === '') charge(unknown, ctx)
    else {
      // Before the look, which costs something too.
      charge(signedIn, ctx)
      if (!(await isKnown(ctx))) charge(unknown, ctx)
    }
    await next()
  }
}

/** Who has one IPv6 address has 2^64 of them. */
export function clientKey(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.replace(/%.*$/, '').toLowerCase().split('::')
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':')))
  const left = before ?? []
  const missing = Math.max(8 - left.length - (after?.length ?? 0), 0)
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...(after ?? [])]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

function hint(isProxy: boolean): string {
  return isProxy
    ? 'a proxy asks too much, so some of it is refused: name it in KEFU_TRUST_PROXY, so that its clients are told apart'
    : 'an address asks too much, so some of it is refused'
}

function remote({ remoteAddress = '' }: { remoteAddress?: string | undefined }): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '')
}
