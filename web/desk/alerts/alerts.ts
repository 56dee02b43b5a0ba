import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { ConversationView, MessageView, Presence } from '../api/views.js'
import {
  callsOf,
  createRinger,
  isHandOver,
  keyOf,
  readHanded,
  writeHanded,
  type Call,
  type Handed,
} from './calls.js'
import type { Conversations } from '../conversations/conversations.js'
import type { Settings } from '../settings/settings.js'
import { storeKey } from '../stores/store-key.js'

/** How often what calls is called out again. */
export const repeatMs = 30_000

const storageKey = 'kefu.desk.handed'

/** More than these at once say no more than the sound and the counts do. */
const mostNotified = 3

/** What an agent is called for: who waits, who was handed over, a message of one's own customer. */
export type Why = Call['why'] | 'mine'

export interface Alerts {
  /** Everything that calls, whether or not it sounds. */
  calling: ComputedRef<readonly Call[]>
  /** Conversations that a colleague handed over and that were not looked at. */
  handed: ComputedRef<ReadonlySet<number>>
  /** Somebody of this browser looked at the conversation. */
  saw(conversationId: number): void
  /** A message came: it may say that the conversation was handed over. */
  told(message: MessageView, view: ConversationView): void
  /** A message came in a conversation of one's own. */
  heard(view: ConversationView): void
  close(): void
}

export const [alertsKey, useAlerts] = storeKey<Alerts>('alerts')

export interface AlertsOptions {
  conversations: Conversations
  settings: Settings
  meId: number
  status: () => Presence
  /** The conversation in sight; null also while the page is hidden. */
  inSight: () => number | null
  /** Whether this tab is the one that rings. */
  rings: Ref<boolean>
  ring: (why: Why) => void
  /** Says it outside of the page, once for each conversation and call. */
  notify: (view: ConversationView, why: Why) => void
  /** What other tabs of this browser looked at, and tells them what this one did. */
  channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'> | null
  /** Where it is kept what was handed over and not looked at, so that it still calls after a reload. */
  storage: Pick<Storage, 'getItem' | 'setItem'>
  /** Milliseconds on a clock that never goes back. */
  now?: () => number
}

/** Calls for attention: at once, and again for as long as anything calls. */
export function createAlerts(options: AlertsOptions): Alerts {
  const { conversations, settings, meId, status, inSight, rings, ring, notify, channel, storage } = options
  const { now = () => performance.now() } = options
  const told = shallowRef<Handed>(readHanded(meId, storage.getItem(storageKey)))
  const seen = shallowRef<ReadonlyMap<number, number>>(new Map())
  const calling = computed(() =>
    callsOf(conversations.byId.values(), { meId, handed: told.value, seen: seen.value }),
  )
  /** Who waits calls those who take customers at the moment; who was handed over calls that agent, who may be busy. */
  const audible = computed(() =>
    calling.value.filter(({ why }) => (why === 'waiting' ? status() === 'online' : status() !== 'offline')),
  )

  function keep(now: Handed): void {
    told.value = now
    try {
      storage.setItem(storageKey, writeHanded(meId, now))
    } catch {
      // A full storage: it is only not gone on with after a reload.
    }
  }

  function mark(conversationId: number): void {
    const view = conversations.byId.get(conversationId)
    if (view?.agent?.id !== meId || seen.value.get(conversationId) === view.epoch) return
    seen.value = new Map(seen.value).set(conversationId, view.epoch)
    if (told.value.get(conversationId)?.epoch !== view.epoch) return
    const left = new Map(told.value)
    left.delete(conversationId)
    keep(left)
  }
  if (channel !== null)
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'number') mark(data)
    }

  const ringer = createRinger(repeatMs)
  let notified = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  function check(): void {
    clearTimeout(timer)
    if (!rings.value) return
    const { sounds, againInMs } = ringer.ask(audible.value, now())
    const loudest = audible.value.some(({ why }) => why === 'waiting') ? 'waiting' : 'handed'
    if (sounds && settings.sound) ring(loudest)
    if (againInMs !== null) timer = setTimeout(check, againInMs)
    notifyNew()
  }
  function notifyNew(): void {
    if (status() === 'offline' || !settings.notifications) return
    const fresh = calling.value.filter((call) => !notified.has(keyOf(call)))
    // What ended is forgotten, so that this does not grow for as long as the page is open.
    notified = new Set(calling.value.map(keyOf))
    for (const { id, why } of fresh.slice(0, mostNotified)) {
      const view = conversations.byId.get(id)
      if (view) notify(view, why)
    }
  }
  const stopWatching = watch(() => [calling.value.map(keyOf).join(), status(), rings.value] as const, check)

  return {
    calling,
    handed: computed(() => new Set(calling.value.flatMap(({ id, why }) => (why === 'handed' ? [id] : [])))),
    saw(conversationId) {
      mark(conversationId)
      channel?.postMessage(conversationId)
    },
    told(message, view) {
      if (!isHandOver(message, meId)) return
      const { id, epoch, unread } = view
      keep(new Map(told.value).set(id, { epoch, isMarked: unread > 0 }))
    },
    heard(view) {
      if (!rings.value || status() === 'offline') return
      const isSeen = inSight() === view.id
      if (settings.sound && (!isSeen || settings.soundAlways)) ring('mine')
      if (settings.notifications && !isSeen) notify(view, 'mine')
    },
    close() {
      stopWatching()
      clearTimeout(timer)
    },
  }
}
