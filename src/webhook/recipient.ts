import { ConfigError, DecodeError, SignatureError } from '../errors.js'
import {
  checkPushSecrets,
  verifyQuery,
  type Push,
  type PushQuery,
  type PushSecrets,
} from '../wechat/index.js'

/** A path without the slash that may stand at its end. */
export function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/**
 * Looks Mini Programs up at each request: the one of an appid that stands behind the path, or, without an
 * appid, all that the bare path is for. None means that the path is nobody's.
 */
export type AppLookup = (appId: string | undefined) => readonly PushSecrets[]

/** Given apps are checked now, so that what can't work is known before the first push. Throws ConfigError. */
export function lookupOf(apps: readonly PushSecrets[] | AppLookup): AppLookup {
  if (typeof apps === 'function') return apps
  if (apps.length === 0) throw new ConfigError('webhook() needs at least one Mini Program in apps.')
  for (const app of apps) checkPushSecrets(app)
  return (appId) => (appId === undefined ? apps : apps.filter((app) => app.appId === appId))
}

/** The Mini Programs that a path stands for; none when it is not ours. */
export function appsAt(path: string, base: string | undefined, lookup: AppLookup): readonly PushSecrets[] {
  if (base === undefined || path === base) return lookup(undefined)
  return path.startsWith(`${base}/`) ? lookup(path.slice(base.length + 1)) : []
}

export type Outcome<T> =
  { readonly app: PushSecrets; readonly value: T } | { readonly error: unknown; readonly appId?: string }

/**
 * Does for the Mini Program whose secrets fit. When none do, gives the error of the one that came furthest, and
 * whose it is where that can be said.
 */
export function forApp<T>(apps: readonly PushSecrets[], attempt: (app: PushSecrets) => T): Outcome<T> {
  const refusals: Refusal[] = []
  for (const app of apps)
    try {
      return { app, value: attempt(app) }
    } catch (error) {
      refusals.push({ app, error })
    }
  return furthest(refusals)
}

/**
 * The Mini Programs that a push may be of, by its query alone, before anybody looks at its body: those whose token
 * made `signature`, which WeChat sends in every mode. It proves nothing in secure mode; whoever can't make it is refused
 * by it, at the same cost whatever the body. Where it is missing, those that `msg_signature` may show to be meant.
 */
export function candidates(
  apps: readonly PushSecrets[],
  query: PushQuery,
  now: number,
): { readonly fitting: readonly PushSecrets[] } | { readonly error: unknown; readonly appId?: string } {
  if (!query['signature'] && query['msg_signature'] !== undefined) {
    const fitting = apps.filter(({ mode }) => mode !== 'plain')
    if (fitting.length > 0) return { fitting }
  }
  const fitting: PushSecrets[] = []
  const refusals: Refusal[] = []
  for (const app of apps)
    try {
      verifyQuery(query, app, now)
      fitting.push(app)
    } catch (error) {
      refusals.push({ app, error })
    }
  return fitting.length > 0 ? { fitting } : furthest(refusals)
}

interface Refusal {
  readonly app: PushSecrets
  readonly error: unknown
}

function furthest(refusals: readonly Refusal[]): { readonly error: unknown; readonly appId?: string } {
  let best: Refusal | undefined
  for (const each of refusals) if (!best || progress(each.error) > progress(best.error)) best = each
  if (!best) return { error: new SignatureError('mismatch', 'The push is of no Mini Program here.') }
  const { error, app } = best
  return refusals.length === 1 || progress(error) > 0 ? { error, appId: app.appId } : { error }
}

/** How far a request came before it was refused: the further, the likelier it was meant for this Mini Program. */
function progress(error: unknown): number {
  if (error instanceof SignatureError) return error.code === 'stale' ? 1 : 0
  if (error instanceof DecodeError) return error.code === 'decrypt' || error.code === 'key' ? 2 : 3
  return 4
}

/** A push in plain text says nothing of its Mini Program but the token that signed it. */
export function checkOwner(push: Push, app: PushSecrets, apps: readonly PushSecrets[]): void {
  const other = push.encrypted
    ? undefined
    : apps.find(
        (each) =>
          each.appId !== app.appId &&
          each.token === app.token &&
          each.mode !== undefined &&
          each.mode !== 'secure',
      )
  if (other)
    throw new ConfigError(
      `The push is in plain text and signed with the token that ${app.appId} and ${other.appId} share, so it could be ` +
        'either’s. Give each its own token, or at mp.weixin.qq.com the URL that ends in its appid.',
    )
}
