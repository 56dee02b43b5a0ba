import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { ConversationView } from '../api/views.js'
import type { Conversations } from './conversations.js'
import type { Settings } from './settings.js'

/** How often a waiting customer is called out again. */
export const repeatMs = 30_000

/** More than these at once say no more than the sound and the counts do. */
const mostNotified = 3

export interface Alerts {
  /** Customers who wait for somebody and whom nobody here has looked at yet. */
  calling: ComputedRef<ConversationView[]>
  /** Somebody of this browser looked at the conversation. */
  saw(conversationId: number): void
  /** A message came in a conversation of one's own. */
  heard(view: ConversationView): void
  close(): void
}

export interface AlertsOptions {
  conversations: Conversations
  settings: Settings
  meId: number
  /** Whether one is there to be called. */
  isOnDuty: () => boolean
  /** The conversation in sight; null also while the page is hidden. */
  inSight: () => number | null
  /** Whether this tab is the one that rings. */
  rings: Ref<boolean>
  ring: (why: 'waiting' | 'mine') => void
  /** Says it outside of the page, once for each conversation and wait. */
  notify: (view: ConversationView, why: 'waiting' | 'mine') => void
  /** What other tabs of this browser looked at, and tells them what this one did. */
  channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'> | null
}

/** Calls for attention: at once when a customer begins to wait, and again until somebody looks. */
export function createAlerts(options: AlertsOptions): Alerts {
  const { conversations, settings, meId, isOnDuty, inSight, rings, ring, notify, channel } = options
  /** Conversation → the wait (its beginning) that was looked at. */
  const seen = shallowRef<ReadonlyMap<number, number>>(new Map())
  /** Where a colleague looks. */
  const watched = computed(
    () =>
      new Set(
        [...conversations.present].flatMap(([id, agents]) =>
          agents.some((one) => one.id !== meId) ? [id] : [],
        ),
      ),
  )

  const calling = computed(() =>
    [...conversations.byId.values()].filter(
      (view) =>
        view.status === 'waiting' &&
        (seen.value.get(view.id) ?? -1) < (view.waitingSince ?? 0) &&
        !watched.value.has(view.id),
    ),
  )

  function mark(conversationId: number): void {
    const view = conversations.byId.get(conversationId)
    if (view?.status === 'waiting' && seen.value.get(conversationId) !== view.waitingSince)
      seen.value = new Map(seen.value).set(conversationId, view.waitingSince ?? 0)
  }
  if (channel !== null)
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'number') mark(data)
    }

  const notified = new Map<number, number>()
  const call = (): void => {
    if (calling.value.length === 0 || !rings.value || !isOnDuty()) return
    if (settings.sound) ring('waiting')
    if (!settings.notifications) return
    const fresh = calling.value.filter(({ id, waitingSince }) => notified.get(id) !== (waitingSince ?? 0))
    for (const { id, waitingSince } of fresh) notified.set(id, waitingSince ?? 0)
    for (const view of fresh.slice(0, mostNotified)) notify(view, 'waiting')
  }
  let timer: ReturnType<typeof setInterval> | undefined
  const stopWatching = watch(
    () => new Set(calling.value.map(({ id, waitingSince }) => `${id}:${waitingSince ?? 0}`)),
    (now, before) => {
      if ([...now].some((one) => !before.has(one))) {
        call()
        clearInterval(timer)
        timer = setInterval(call, repeatMs)
      } else if (now.size === 0) clearInterval(timer)
    },
  )

  return {
    calling,
    saw(conversationId) {
      mark(conversationId)
      channel?.postMessage(conversationId)
    },
    heard(view) {
      if (!rings.value || !isOnDuty()) return
      const isSeen = inSight() === view.id
      if (settings.sound && (!isSeen || settings.soundAlways)) ring('mine')
      if (settings.notifications && !isSeen) notify(view, 'mine')
    },
    close() {
      stopWatching()
      clearInterval(timer)
    },
  }
}
