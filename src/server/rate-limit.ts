import { isIPv6 } from 'node:net'
import type { Middleware } from 'koa'
import { Refusal } from '../desk/index.js'
import type { Logger } from '../log.js'
import type { ClientAddress } from './client-address.js'
import { TokenBuckets } from './token-buckets.js'

export interface RateLimitOptions {
  readonly client: Pick<ClientAddress, 'of' | 'isLocal'>
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A page loads a few dozen files, and an office of people may share one address. */
const SIGNED_IN = { burst: 1000, perSecond: 100 }
/** Who shows neither key nor session sees the sign-in page, and no more. */
const UNKNOWN = { burst: 200, perSecond: 20 }
/** Addresses that are remembered: some MB at most. */
const MOST = 20_000
const WARN_MS = 60_000

/**
 * How much one address may ask. It stands behind the webhook: WeChat's pushes are many, from few addresses, and
 * signed. What a program on this machine asks without a proxy is not counted.
 */
export function rateLimit({ client, logger, now }: RateLimitOptions): Middleware {
  const signedIn = new TokenBuckets({ ...SIGNED_IN, most: MOST, now })
  const unknown = new TokenBuckets({ ...UNKNOWN, most: MOST, now })
  let warnedAt = -Infinity

  return async (ctx, next) => {
    if (!client.isLocal(ctx.req)) {
      const address = client.of(ctx.req)
      const shows = ctx.get('authorization') !== '' || ctx.get('cookie') !== ''
      const wait = (shows ? signedIn : unknown).take(clientKey(address))
      if (wait > 0) {
        if (Math.abs(now() - warnedAt) >= WARN_MS) {
          warnedAt = now()
          logger.warn(
            { address },
            hint(ctx.get('x-forwarded-for') !== '' && address === remote(ctx.req.socket)),
          )
        }
        throw new Refusal('too_many', 'Too many requests from your address. Wait a moment, then go on.', {
          'Retry-After': String(Math.ceil(wait / 1000)),
        })
      }
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
