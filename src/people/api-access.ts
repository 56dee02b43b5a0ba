import type { Context } from 'koa'
import type { Config } from '../config/config.js'
import { askedAhead, firstPrincipal, type PrincipalOf } from '../http/principal.js'
import { clientKey } from '../http/rate-limit.js'
import type { Logger } from '../log.js'
import { ApiKeys } from './api-keys.js'
import { BearerKeys } from './bearer-key.js'
import { KeyLimit } from './key-limit.js'
import type { Store } from '../store/index.js'

export interface ApiAccessOptions {
  readonly store: Store
  readonly config: Pick<Config, 'apiKey'>
  readonly logger: Logger
  readonly now: () => number
  /** Whom a request is from. */
  readonly addressOf: (ctx: Context) => string
  /** The agent whose session a request shows. */
  readonly sessionPrincipal: PrincipalOf
}

/** Who may ask the API: the keys of programs, and whose a request is. */
export interface ApiAccess {
  readonly apiKeys: ApiKeys
  readonly bearerKeys: BearerKeys
  readonly principalOf: PrincipalOf
  /** The same before anything else is done with a request; it is looked up once. */
  readonly ahead: ReturnType<typeof askedAhead>['ahead']
}

export function apiAccess({
  store,
  config,
  logger,
  now,
  addressOf,
  sessionPrincipal,
}: ApiAccessOptions): ApiAccess {
  const networkOf = clientKey
  const apiKeys = new ApiKeys({ store, now })
  const bearerKeys = new BearerKeys({
    store,
    logger,
    now,
    addressOf,
    networkOf,
    apiKey: config.apiKey,
    keys: apiKeys,
    limit: new KeyLimit({ store, now, networkOf }),
  })
  const { ahead, principalOf } = askedAhead(firstPrincipal(bearerKeys.principalOf, sessionPrincipal))
  return { apiKeys, bearerKeys, principalOf, ahead }
}
