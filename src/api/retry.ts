import { ApiError, NetworkError } from '../errors.js'
import { explainErrcode } from '../wechat/index.js'

/**
 * Says what may be done about a failed call without asking anybody. WeChat has no idempotency key and each message
 * costs one of five, so only what WeChat certainly did not accept is sent again:
 *
 * - `token`: refresh the access token, then once more (40001, 40014, 42001)
 * - `busy`: once more after a moment, three times at most (-1)
 * - `connect`: the request never left; once more after a moment
 * - `later`: WeChat's limit must pass first (45009, 45011); whoever has a queue may wait for it
 * - `unknown`: the request left and no answer came that can be read; a person must decide
 * - `never`: it would fail again
 */
export type Remedy = 'token' | 'busy' | 'connect' | 'later' | 'unknown' | 'never'

/** The one predicate that decides about sending again, for Api and for every queue before it. */
export function remedyFor(error: unknown): Remedy {
  if (error instanceof NetworkError) return error.accepted === 'no' ? 'connect' : 'unknown'
  if (!(error instanceof ApiError)) return 'never'
  const { retry } = explainErrcode(error.errcode)
  return retry === 'token' || retry === 'busy' || retry === 'later' ? retry : 'never'
}

/** How often each remedy is tried for one call, with the wait in milliseconds before each try. */
const waits: Readonly<Partial<Record<Remedy, readonly number[]>>> = {
  token: [0],
  busy: [300, 1000, 3000],
  connect: [100, 500],
}

/**
 * How long to wait before the next try, given how often each remedy was tried for this call already; undefined
 * when there is to be none.
 */
export function waitBeforeRetry(
  remedy: Remedy,
  tried: Readonly<Partial<Record<Remedy, number>>>,
): number | undefined {
  return waits[remedy]?.[tried[remedy] ?? 0]
}
