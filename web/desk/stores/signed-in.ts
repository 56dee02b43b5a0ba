import { effectScope, onScopeDispose, type InjectionKey, type Ref } from 'vue'
import { createAlerts, alertsKey } from '../alerts/alerts.js'
import type { Chime } from '../alerts/chime.js'
import { createNotify } from '../alerts/notify.js'
import type { Me } from '../api/calls.js'
import { clientKey, type Client } from '../api/client.js'
import { hasUnkept } from '../conversations/composer/machine/look.js'
import { conversationsKey, createConversations } from '../conversations/conversations.js'
import { conversationListKey, createConversationList } from '../conversations/list/conversation-list.js'
import { createLateCounts } from '../conversations/list/late-counts.js'
import { createOpenConversation, openConversationKey } from '../conversations/open-conversation.js'
import { createOpenReader } from '../conversations/open-reader.js'
import { createTagEdits, tagEditsKey } from '../conversations/tag-edits.js'
import { showPending } from '../conversations/thread/pending-threads.js'
import { createReadMarks } from '../conversations/thread/read-marks.js'
import { createThreads, threadsKey } from '../conversations/thread/threads.js'
import { createUndo, undoKey } from '../conversations/undo.js'
import { followOpen } from '../conversations/writing/follow-open.js'
import { openWriting } from '../conversations/writing/open-writing.js'
import { writingKey, type Carried, type Writing } from '../conversations/writing/writing.js'
import type { I18n } from '../locales/i18n.js'
import type { Router } from '../router.js'
import type { Settings } from '../settings/settings.js'
import { agentsKey, createAgents } from './agents.js'
import { appsKey, createApps } from './apps.js'
import { cannedRepliesKey, createCannedReplies } from './canned-replies.js'
import { clockKey, createClock } from './clock.js'
import { createKnownLabels, knownLabelsKey } from './known-labels.js'
import { createLink, linkKey } from './link.js'
import { createEventApplier } from './live-events.js'
import { createPrincipal, principalKey } from './principal.js'
import { createProblems, problemsKey, quietly } from './problems.js'
import { createReadings } from './readings.js'
import { createSharedSettings, sharedSettingsKey } from './shared-settings.js'
import type { Toasts } from './toasts.js'

export interface SignedInOptions {
  me: Me
  client: Client
  i18n: I18n
  settings: Settings
  router: Router
  toasts: Toasts
  chime: Chime
  /** Whether this tab is the one that rings. */
  rings: Ref<boolean>
  /** Called when the session is over; `byChoice` when its agent signed out. */
  onSignedOut: (byChoice?: boolean) => void
  /** Called when the service goes on with another database, as after a restore. */
  onOtherDatabase: () => void
  /** What an agent wrote in another session of this page, and only the page has. */
  carried: Carried | null
  /** Whether what an older page left may be offered. */
  offersOlder: boolean
}

/** The time of an agent at this page. */
export interface SignedIn {
  readonly agentId: number
  /** Gives each store to the components below, by its key. */
  provideStores: (provide: <T>(key: InjectionKey<T>, store: T) => void) => void
  /** Ends it; resolves to what its agent wrote and only this page has, or to all of it when that goes on. */
  stop: (goesOn?: boolean) => Promise<Carried | null>
}

/** Opens the stores of who has signed in: what there is is read, then followed live. */
export function openSignedIn(options: SignedInOptions): SignedIn {
  const scope = effectScope(true)
  const { writing, provideStores } = scope.run(() => openStores(options)) as ReturnType<typeof openStores>
  return {
    agentId: options.me.agent.id,
    provideStores,
    stop(goesOn = false) {
      scope.stop()
      return writing.end(goesOn)
    },
  }
}

function openStores(options: SignedInOptions): Pick<SignedIn, 'provideStores'> & { writing: Writing } {
  const { me: signedIn, client, i18n, settings, router, toasts, chime, rings } = options
  const { onSignedOut, onOtherDatabase, carried, offersOlder } = options
  const meId = signedIn.agent.id
  const problems = createProblems(i18n, toasts)
  const { problem, run } = problems
  const shared = createSharedSettings(client)
  const clock = createClock(client.clockAhead, { zone: shared.zone, language: i18n.language })
  const { now } = clock
  const apps = createApps(client)
  const cannedReplies = createCannedReplies(client)
  const labels = createKnownLabels(client)
  const conversations = createConversations()
  const opened = createOpenConversation(router, conversations)
  const { selected, open, select } = opened
  const inSight = (): number | null => (document.visibilityState === 'visible' ? selected.value : null)
  const list = createConversationList({
    client,
    conversations,
    meId,
    selected,
    sorts: settings.sorts,
    now,
    onProblem: problem,
  })
  const threads = createThreads(client, problem)
  const writing = openWriting(signedIn, { client, i18n, toasts, threads, carried, offersOlder })
  showPending(writing, threads)
  followOpen({ writing, open, now, meId })
  const principal = createPrincipal({
    agent: signedIn.agent,
    client,
    run,
    wouldLose: () => hasUnkept(writing.state.value),
    onSignedOut: () => {
      onSignedOut(true)
    },
  })
  const agents = createAgents(client, principal.me)
  const alerts = createAlerts({
    conversations,
    settings,
    meId,
    status: () => principal.me.status,
    storage: localStorage,
    inSight,
    rings,
    ring: chime.ring,
    notify: createNotify(i18n, select),
    channel: 'BroadcastChannel' in globalThis ? new BroadcastChannel('kefu.desk.seen') : null,
  })
  const undo = createUndo({
    client,
    conversations,
    run,
    onUndone: () => void list.reloadCounts(),
    clock: () => performance.now(),
  })
  const tagEdits = createTagEdits({ client, conversations, onProblem: problem })
  const marks = createReadMarks({ client, conversations, threads, alerts, open, inSight })
  const reader = createOpenReader({
    client,
    i18n,
    router,
    toasts,
    problem,
    conversations,
    selected,
    threads,
    markRead: marks.mark,
  })
  const { readAll, readAnew } = createReadings({
    client,
    meId,
    databaseId: signedIn.databaseId,
    conversations,
    list,
    threads,
    open,
    reader,
    // Times are shown by them.
    first: shared.readDeskSettings,
    others: [apps.read, agents.read, cannedReplies.read, labels.readTags, labels.readSources],
    onOtherDatabase,
  })
  const link = createLink({
    database: client.databaseId,
    onEvent: createEventApplier({
      meId,
      conversations,
      threads,
      alerts,
      markRead: marks.mark,
      countsLater: createLateCounts(() => list.reloadCounts()),
      agentsChanged: () => void quietly(agents.read),
    }),
    onFresh: readAll,
    onReset() {
      marks.forget()
      readAnew()
    },
    onOnline: () => {
      writing.online()
    },
    onSight: marks.mark,
    onSignedOut: () => {
      onSignedOut()
    },
  })
  onScopeDispose(() => {
    alerts.close()
    undo.dismiss()
  })

  return {
    writing,
    provideStores(provide) {
      provide(clientKey, client)
      provide(problemsKey, problems)
      provide(sharedSettingsKey, shared)
      provide(clockKey, clock)
      provide(appsKey, apps)
      provide(agentsKey, agents)
      provide(cannedRepliesKey, cannedReplies)
      provide(knownLabelsKey, labels)
      provide(conversationsKey, conversations)
      provide(openConversationKey, opened)
      provide(conversationListKey, list)
      provide(threadsKey, threads)
      provide(writingKey, writing)
      provide(principalKey, principal)
      provide(alertsKey, alerts)
      provide(undoKey, undo)
      provide(tagEditsKey, tagEdits)
      provide(linkKey, link)
    },
  }
}
