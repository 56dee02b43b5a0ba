import { computed, reactive, ref, watch, type ComputedRef, type InjectionKey, type Ref, inject } from 'vue'
import type { DeskSettings } from '../../../src/desk/schemas/settings-view.js'
import { DeskError, type Client, type Me } from '../api/client.js'
import { openStream, type Link } from '../api/stream.js'
import type { AgentView, AppRef, CannedReply, ConversationView, Presence } from '../api/views.js'
import type { I18n } from '../locales/i18n.js'
import type { Router } from '../router.js'
import { createAlerts, type Alerts } from './alerts.js'
import type { Chime } from './chime.js'
import { serverClock } from './clock.js'
import { createConversationList, type ConversationList } from './conversation-list.js'
import { createConversations, type Conversations } from './conversations.js'
import { openDrafts, type Drafts } from './drafts.js'
import { newId } from './new-id.js'
import { createEventApplier, isOf } from './live-events.js'
import { createOutgoing, type Outgoing } from './outgoing.js'
import type { Settings } from './settings.js'
import { createReadMarks } from './read-marks.js'
import { createThreads, type Threads } from './threads.js'
import type { Toasts } from './toasts.js'
import { timesIn, type Times } from '../text/time.js'
import { browserZone } from '../text/zone-offset.js'
import { problemWords } from '../text/problem-words.js'

/** What the page shares before and after sign-in. */
export interface Surroundings {
  client: Client
  i18n: I18n
  settings: Settings
  router: Router
  toasts: Toasts
  chime: Chime
  /** Whether this tab is the one that rings. */
  rings: Ref<boolean>
}

/** Everything of the agent who is signed in. */
export interface Workspace extends Surroundings {
  me: AgentView
  conversations: Conversations
  list: ConversationList
  threads: Threads
  drafts: Drafts
  outgoing: Outgoing
  alerts: Alerts
  link: Ref<Link>
  /** When the service was heard last, while it is not; on this browser's clock. */
  lostSince: Ref<number | null>
  /** Milliseconds since 1970 on the server's clock. */
  now: Ref<number>
  apps: Ref<AppRef[]>
  /** Whether the Mini Programs could be read. */
  appsKnown: Ref<boolean>
  agents: Ref<AgentView[]>
  cannedReplies: Ref<CannedReply[]>
  knownTags: Ref<string[]>
  knownSources: Ref<string[]>
  /** From how many milliseconds on a wait is long, and too long, as an admin set it. */
  waits: Ref<{ warn: number; alert: number }>
  /** Times in the zone that an admin set; in the browser's until that is known. */
  times: ComputedRef<Times>
  /** Reads anew what an admin set for everybody. */
  readDeskSettings(): Promise<void>
  /** The open conversation's id. */
  selected: ComputedRef<number | null>
  open: ComputedRef<ConversationView | null>
  select(conversationId: number | null): void
  isMine(view: ConversationView): boolean
  appName(appId: string): string
  setStatus(status: Presence): Promise<void>
  /** Does it; what the service says against it is shown. Resolves to whether it was done. */
  run: (action: () => Promise<unknown>) => Promise<boolean>
  /** A problem in words, as a toast. */
  problem(error: DeskError): void
  signOut(): Promise<void>
  stop(): void
}

export const workspaceKey: InjectionKey<Workspace> = Symbol('workspace')

/** The agent's workspace, for a component. */
export function useWorkspace(): Workspace {
  const workspace = inject(workspaceKey)
  if (workspace === undefined) throw new Error('Nobody is signed in around this component.')
  return workspace
}

/** Opens the workspace of who has signed in: what there is is read, then followed live. */
export function openWorkspace(me: Me['agent'], around: Surroundings, onSignedOut: () => void): Workspace {
  const { client, i18n, settings, router, toasts, chime, rings } = around
  const self = reactive({ ...me })
  const clock = serverClock(client.clockAhead)
  const link = ref<Link>('connecting')
  const lostSince = ref<number | null>(null)
  const apps = ref<AppRef[]>([])
  const appsKnown = ref(false)
  const agents = ref<AgentView[]>([])
  const cannedReplies = ref<CannedReply[]>([])
  const knownTags = ref<string[]>([])
  const knownSources = ref<string[]>([])
  const waits = ref({ warn: 120_000, alert: 300_000 })
  const zone = ref(browserZone())
  const times = computed(() => timesIn(zone.value, i18n.language.value))
  const ends: (() => void)[] = [clock.stop]

  const selected = computed(() => {
    const { page, argument } = router.route.value
    return page === 'conversations' && /^[1-9]\d*$/.test(argument) ? Number(argument) : null
  })
  const conversations = createConversations()
  const open = computed(() =>
    selected.value === null ? null : (conversations.byId.get(selected.value) ?? null),
  )
  const problem = (error: DeskError): void => {
    if (error.status === 401) return
    toasts.say(problemWords(error, i18n), 'bad')
  }
  const list = createConversationList({
    client,
    conversations,
    meId: me.id,
    selected,
    now: clock.now,
    onProblem: problem,
  })
  const threads = createThreads(client, problem)
  const drafts = openDrafts({ storage: localStorage, newId })
  const outgoing = createOutgoing({
    client,
    threads,
    storage: localStorage,
    now: Date.now,
    onSent: threads.putNew,
    holdSeconds: () => settings.holdSeconds,
  })
  const inSight = (): number | null => (document.visibilityState === 'visible' ? selected.value : null)
  const alerts = createAlerts({
    conversations,
    settings,
    meId: me.id,
    isOnDuty: () => self.status !== 'offline',
    inSight,
    rings,
    ring: chime.ring,
    notify,
    channel: 'BroadcastChannel' in globalThis ? new BroadcastChannel('kefu.desk.seen') : null,
  })
  ends.push(() => {
    alerts.close()
  })

  function notify(view: ConversationView, why: 'waiting' | 'mine'): void {
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
    const { t } = i18n
    // Without what was said: a notification is seen by whoever stands by.
    const shown = new Notification(t.value(why === 'waiting' ? 'notify.waiting' : 'notify.mine'), {
      tag: `kefu-${view.id}`,
      silent: true,
    })
    shown.onclick = () => {
      window.focus()
      select(view.id)
      shown.close()
    }
  }

  function select(conversationId: number | null): void {
    router.go('conversations', conversationId === null ? '' : String(conversationId))
  }

  async function run(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      problem(error)
      return false
    }
  }

  const markRead = createReadMarks({ client, conversations, threads, alerts, open, inSight })
  const apply = createEventApplier({
    meId: me.id,
    conversations,
    threads,
    alerts,
    markRead,
    countsLater,
    agentsChanged: () => void quietly(readAgents),
  })

  let countTimer: ReturnType<typeof setTimeout> | undefined
  let countedAt = -Infinity
  /** Counts are the server's: asked for once after a burst of events, and not more often than they can be read. */
  function countsLater(): void {
    countTimer ??= setTimeout(
      () => {
        countTimer = undefined
        countedAt = performance.now()
        void list.reloadCounts()
      },
      Math.max(150, countedAt + 1000 - performance.now()),
    )
  }
  ends.push(() => {
    clearTimeout(countTimer)
  })

  async function quietly(read: () => Promise<void>): Promise<void> {
    try {
      await read()
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
    }
  }
  const readAgents = async (): Promise<void> => {
    agents.value = await client.agents()
    const mine = agents.value.find(({ id }) => id === me.id)
    if (mine) Object.assign(self, mine)
  }

  async function readDeskSettings(): Promise<void> {
    await quietly(async () => {
      const found = await client.request<DeskSettings>('GET', '/settings')
      waits.value = { warn: found.waitWarnSeconds * 1000, alert: found.waitAlertSeconds * 1000 }
      zone.value = found.zone
    })
  }
  // No event tells that an admin changed them.
  const settingsTimer = setInterval(() => void readDeskSettings(), 60_000)
  ends.push(() => {
    clearInterval(settingsTimer)
  })

  // The events are joined first, so that nothing falls between; without them there is still something to see.
  const firstRead = setTimeout(readAll, 1500)
  ends.push(() => {
    clearTimeout(firstRead)
  })

  function readAll(): void {
    clearTimeout(firstRead)
    // First, as times are shown by them.
    void readDeskSettings()
    void list.reload()
    void quietly(() => threads.refresh())
    void quietly(async () => {
      apps.value = await client.apps()
      appsKnown.value = true
    })
    void quietly(readAgents)
    void quietly(async () => {
      cannedReplies.value = await client.cannedReplies()
    })
    void quietly(async () => {
      knownTags.value = await client.tags()
    })
    void quietly(async () => {
      knownSources.value = await client.sources()
    })
    if (selected.value !== null) void readOpen(selected.value)
  }

  async function readOpen(conversationId: number): Promise<void> {
    try {
      conversations.put(await client.conversation(conversationId))
      markRead()
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.status === 404) {
        toasts.say(i18n.t.value('thread.gone'), 'bad')
        router.replace('conversations')
      } else problem(error)
    }
  }

  const stream = openStream({
    fetch: fetch.bind(globalThis),
    url: './api/v1/events',
    onLink(now, heardAt) {
      link.value = now
      lostSince.value = now === 'live' ? null : (heardAt ?? null)
      if (now === 'live') outgoing.resume()
    },
    onFresh: readAll,
    onEvent: apply,
    onSignedOut,
  })
  ends.push(() => {
    stream.close()
  })

  watch(
    selected,
    (id) => {
      if (id === null) return
      const thread = threads.open(id)
      const view = conversations.byId.get(id)
      thread.fresh = { count: view?.unread ?? 0, upTo: view?.lastMessage?.id ?? Infinity }
      if (!view) void readOpen(id)
      else markRead()
      void client.present(id, false).catch(() => undefined)
    },
    { immediate: true },
  )

  const listeners: [EventTarget, string, EventListener][] = [
    [
      window,
      'online',
      () => {
        stream.wake()
        outgoing.resume()
      },
    ],
    [
      window,
      'offline',
      () => {
        stream.drop()
      },
    ],
    [
      window,
      'storage',
      (event) => {
        drafts.storageChanged((event as StorageEvent).key)
      },
    ],
    [
      window,
      'pagehide',
      () => {
        drafts.flush()
      },
    ],
    [
      document,
      'visibilitychange',
      () => {
        markRead()
      },
    ],
  ]
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener)
  ends.push(() => {
    for (const [target, name, listener] of listeners) target.removeEventListener(name, listener)
  })
  outgoing.restore()

  return {
    ...around,
    me: self,
    conversations,
    list,
    threads,
    drafts,
    outgoing,
    alerts,
    link,
    lostSince,
    now: clock.now,
    apps,
    appsKnown,
    agents,
    cannedReplies,
    knownTags,
    knownSources,
    waits,
    times,
    readDeskSettings,
    selected,
    open,
    select,
    isMine: (view) => isOf(view, me.id),
    appName: (appId) => apps.value.find((app) => app.appId === appId)?.name ?? appId,
    async setStatus(status) {
      const before = self.status
      self.status = status
      if (!(await run(() => client.setStatus(status)))) self.status = before
    },
    run,
    problem,
    async signOut() {
      if (await run(() => client.signOut())) onSignedOut()
    },
    stop() {
      drafts.flush()
      for (const end of ends) end()
    },
  }
}
