import type { BusinessEndpoint } from './business-cards.js'
import { AddressGuard, checkHookUrl, GuardedRequests, makeSecret, signedHeaders } from '../hooks/index.js'
import type { Config } from '../config/config.js'

/** An agent waits for it. */
const TIMEOUT_MS = 2000
const MAX_BYTES = 64 * 1024

/** The operator's own system, as far as requests to it may go. */
export function businessEndpoint({
  privateHooks,
}: Pick<Config, 'privateHooks'>): BusinessEndpoint & { close(): Promise<void> } {
  const guard = new AddressGuard(privateHooks)
  const requests = new GuardedRequests({ guard, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES })
  return {
    check: (url) => {
      checkHookUrl(url, guard)
    },
    post: (url, headers, body) => requests.send({ url, method: 'POST', headers, body }),
    sign: (eventId, body, secret, seconds) => signedHeaders({ eventId, body }, [secret], seconds),
    makeSecret,
    close: () => requests.close(),
  }
}
