import { useEventListener } from '@vueuse/core'
import { onScopeDispose, ref, type Ref } from 'vue'
import { openStream, type Link as LinkState } from '../api/stream.js'
import type { DeskEvent } from '../api/views.js'
import { storeKey } from './store-key.js'

/** Whether the service is heard. */
export interface Link {
  link: Ref<LinkState>
  /** When the service was heard last, while it is not; on this browser's clock. */
  lostSince: Ref<number | null>
}

export const [linkKey, useLink] = storeKey<Link>('link')

export interface LinkOptions {
  /** What the database was called when the session was last read. */
  database: () => string
  onEvent: (event: DeskEvent) => void
  /** Called when events may have been missed. */
  onFresh: () => void
  /** Called when the service has been set back. */
  onReset: () => void
  /** Called when the network is back, or is said to be. */
  onOnline: () => void
  /** Called when the page comes into sight, or goes out of it. */
  onSight: () => void
  onSignedOut: () => void
}

/** Follows the service's events, for as long as the effect scope lasts. */
export function createLink(options: LinkOptions): Link {
  const { database, onEvent, onFresh, onReset, onOnline, onSight, onSignedOut } = options
  const link = ref<LinkState>('connecting')
  const lostSince = ref<number | null>(null)
  const stream = openStream({
    fetch: fetch.bind(globalThis),
    url: './api/v1/events',
    database,
    onLink(now, heardAt) {
      link.value = now
      lostSince.value = now === 'live' ? null : (heardAt ?? null)
      if (now === 'live') onOnline()
    },
    onFresh,
    onReset,
    onEvent,
    onSignedOut,
  })
  const want = (): void => {
    stream.want()
  }
  useEventListener('online', () => {
    stream.wake()
    onOnline()
  })
  useEventListener('offline', () => {
    stream.drop()
  })
  useEventListener(document, 'visibilitychange', () => {
    onSight()
    if (document.visibilityState === 'visible') want()
  })
  useEventListener(['focus', 'pointerdown', 'keydown'], want)
  onScopeDispose(() => {
    stream.close()
  })
  return { link, lostSince }
}
