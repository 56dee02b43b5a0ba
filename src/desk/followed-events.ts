import { FeedFollower, type ViewSource } from '../conversation/index.js'
import { erasures } from './erasures.js'
import { LiveEvents } from './live-events.js'
import type { PrincipalOf } from '../http/principal.js'
import type { Logger } from '../log.js'
import type { Presence } from '../people/presence.js'
import type { Store } from '../store/index.js'

export interface FollowedEventsOptions {
  readonly store: Store
  readonly views: ViewSource
  readonly presence: Presence
  readonly principalOf: PrincipalOf
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** The events that pages and programs follow: the feed, presence, and contacts that were erased. */
export function followedEvents({
  store,
  views,
  presence,
  principalOf,
  logger,
  wait,
}: FollowedEventsOptions): LiveEvents {
  return new LiveEvents({
    logger,
    follower: new FeedFollower({ store, logger, wait, views }),
    principalOf,
    signals: store.signals,
    endings: ['session-ended', 'api-keys'],
    passing: [presence, erasures(store.signals)],
    onOpened: (agentId) => presence.opened(agentId),
  })
}
