import { computed, reactive, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { DeskError, type Client, type ConversationQuery } from '../api/client.js'
import type { ConversationView, Counts } from '../api/views.js'
import { readSessionFrom } from '../text/session-from.js'
import { windowLook } from '../text/window-look.js'
import type { Conversations } from './conversations.js'

export const tabs = ['waiting', 'mine', 'bot', 'all'] as const
export type Tab = (typeof tabs)[number]
export type Sort = 'recent' | 'waiting' | 'expiring'

export interface Filters {
  /** Mini Program; empty for all. */
  appId: string
  tag: string
  /** A colleague's id, or null. */
  agentId: number | null
  source: string
  closed: boolean
  failed: boolean
  expiring: boolean
}

export const noFilters: Filters = {
  appId: '',
  tag: '',
  agentId: null,
  source: '',
  closed: false,
  failed: false,
  expiring: false,
}

export interface ConversationList {
  tab: Ref<Tab>
  sort: Ref<Sort>
  /** What is searched for; empty when nothing is. */
  search: Ref<string>
  filters: Filters
  counts: Ref<Counts>
  /** How many filters besides the Mini Program are set. */
  filterCount: ComputedRef<number>
  /** The rows, in the order they are shown. */
  rows: ComputedRef<ConversationView[]>
  /** How many conversations belong further up than the held rows let them be. */
  moved: ComputedRef<number>
  state: ComputedRef<'loading' | 'failed' | 'ready'>
  hasMore: ComputedRef<boolean>
  /** The row with the pointer or the focus and those above it stay where they are; null lets all rows move. */
  hold(index: number | null): void
  /** Reads the next page, if there is one. */
  more(): Promise<void>
  /** Reads from the beginning, as after a break. */
  reload(): Promise<void>
  reloadCounts(): Promise<void>
  clearFilters(): void
}

export interface ConversationListOptions {
  client: Client
  conversations: Conversations
  meId: number
  /** The open conversation: it stays in the list until another is chosen. */
  selected: Ref<number | null>
  /** Milliseconds since 1970 on the server's clock. */
  now: () => number
  onProblem: (error: DeskError) => void
}

interface Pages {
  next: string | null | undefined
  /** The last row's last message: conversations that were quiet for longer are not known to be complete. */
  reaches: number
  loading: boolean
  failed: boolean
  /** The conversations that the server found, for a search. */
  found: number[]
}

const pageSize = 50

/** The left pane: which conversations are shown, in which order, read page by page and kept up by events. */
export function createConversationList(options: ConversationListOptions): ConversationList {
  const { client, conversations, meId, selected, now, onProblem } = options
  const tab = ref<Tab>('waiting')
  const sort = ref<Sort>('recent')
  const search = ref('')
  const filters = reactive({ ...noFilters })
  const counts = ref<Counts>({ waiting: 0, mine: 0, bot: 0, all: 0 })
  const pages = reactive(new Map<string, Pages>())
  /** The rows from the top that do not move now. */
  const held = shallowRef<readonly number[]>([])

  const isSearch = computed(() => search.value.trim() !== '')
  const viewKey = computed(() => JSON.stringify(queryNow()))
  const page = computed(() => pages.get(viewKey.value))

  function queryNow(): ConversationQuery {
    const query: ConversationQuery = {}
    if (filters.appId !== '') query.app = filters.appId
    if (isSearch.value) return { ...query, q: search.value.trim() }
    if (filters.closed) return { ...query, status: 'closed' }
    switch (tab.value) {
      case 'waiting':
        return { ...query, status: 'waiting' }
      case 'mine':
        return { ...query, status: 'assigned', agent: String(meId) }
      case 'bot':
        return { ...query, status: 'bot' }
      case 'all':
        return filters.agentId === null ? query : { ...query, agent: String(filters.agentId) }
    }
  }

  function belongs(view: ConversationView): boolean {
    if (filters.appId !== '' && view.appId !== filters.appId) return false
    if (filters.tag !== '' && !view.contact.tags.includes(filters.tag)) return false
    if (filters.agentId !== null && view.agent?.id !== filters.agentId) return false
    if (filters.failed && !view.failed) return false
    if (filters.source !== '' && readSessionFrom(view.contact.sessionFrom ?? '').short !== filters.source)
      return false
    if (filters.expiring && !isExpiring(view, now())) return false
    if (isSearch.value) return true
    if (filters.closed) return view.status === 'closed'
    switch (tab.value) {
      case 'waiting':
        return view.status === 'waiting'
      case 'mine':
        return view.status === 'assigned' && view.agent?.id === meId
      case 'bot':
        return view.status === 'bot'
      case 'all':
        return true
    }
  }

  const live = computed(() => {
    const known = page.value
    if (!known) return []
    const views = isSearch.value
      ? known.found.flatMap((id) => conversations.byId.get(id) ?? [])
      : [...conversations.byId.values()].filter((view) => placeOf(view) >= known.reaches)
    const rows = views.filter(belongs)
    const open = selected.value === null ? undefined : conversations.byId.get(selected.value)
    if (open && !isSearch.value && kept.value === open.id && !rows.includes(open)) rows.push(open)
    return isSearch.value ? rows : rows.sort(orders[sort.value])
  })

  /** The open conversation, when it was chosen in the view that is shown: it does not vanish as its owner changes. */
  const kept = ref<number | null>(null)
  watch([selected, viewKey], ([id, key], [, keyBefore]) => {
    if (key !== keyBefore) kept.value = null
    else kept.value = id
  })

  const rows = computed(() => {
    if (held.value.length === 0) return live.value
    const still = new Set(held.value)
    return [
      ...held.value.flatMap((id) => conversations.byId.get(id) ?? []),
      ...live.value.filter(({ id }) => !still.has(id)),
    ]
  })
  const moved = computed(() => {
    const still = new Set(held.value)
    const upTo = live.value.findLastIndex(({ id }) => still.has(id))
    const below = live.value.filter(({ id }, index) => index < upTo && !still.has(id)).length
    if (below > 0) return below
    const order = live.value.flatMap(({ id }) => (still.has(id) ? [id] : []))
    const shown = held.value.filter((id) => order.includes(id))
    return order.some((id, index) => shown[index] !== id) ? 1 : 0
  })
  watch(viewKey, () => {
    held.value = []
    if (!page.value) void load()
  })
  watch(sort, () => {
    held.value = []
  })

  async function load(): Promise<void> {
    const key = viewKey.value
    const query = queryNow()
    const before = pages.get(key)
    if (before?.loading === true || before?.next === null) return
    pages.set(key, { next: undefined, reaches: Infinity, found: [], ...before, loading: true, failed: false })
    try {
      const { items, next } = await client.conversations({
        ...query,
        limit: pageSize,
        ...(before?.next ? { cursor: before.next } : {}),
      })
      for (const view of items) conversations.put(view)
      const last = items.at(-1)
      pages.set(key, {
        next,
        reaches: next === null || !last ? -Infinity : placeOf(last),
        found: [...new Set([...(before?.found ?? []), ...items.map(({ id }) => id)])],
        loading: false,
        failed: false,
      })
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      pages.set(key, {
        next: undefined,
        reaches: Infinity,
        found: [],
        ...before,
        loading: false,
        failed: true,
      })
      onProblem(error)
    }
  }

  async function reloadCounts(): Promise<void> {
    try {
      counts.value = await client.counts()
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
    }
  }

  return {
    tab,
    sort,
    search,
    filters,
    counts,
    filterCount: computed(
      () =>
        [filters.tag, filters.source].filter((text) => text !== '').length +
        [filters.closed, filters.failed, filters.expiring, filters.agentId !== null].filter(Boolean).length,
    ),
    rows,
    moved,
    state: computed(() => {
      if (page.value?.failed === true && rows.value.length === 0) return 'failed'
      return !page.value || (page.value.loading && rows.value.length === 0) ? 'loading' : 'ready'
    }),
    hasMore: computed(() => page.value?.next !== null),
    hold(index) {
      if (index === null) held.value = []
      else if (index + 1 !== held.value.length)
        held.value = rows.value.slice(0, index + 1).map(({ id }) => id)
    },
    more: load,
    async reload() {
      pages.clear()
      await Promise.all([load(), reloadCounts()])
    },
    reloadCounts,
    clearFilters() {
      Object.assign(filters, noFilters)
    },
  }
}

/** Whether the time that WeChat allows for an answer ends within six hours. */
export function isExpiring(view: ConversationView, now: number): boolean {
  const look = windowLook(view.allowance, now)
  return 'leftMs' in look && look.leftMs <= 6 * 3_600_000
}

const recent = (one: ConversationView, other: ConversationView): number =>
  placeOf(other) - placeOf(one) || other.id - one.id

/** Where the service has it in its list: by its last message. */
function placeOf(view: ConversationView): number {
  return view.lastMessage?.id ?? 0
}

const orders: Record<Sort, (one: ConversationView, other: ConversationView) => number> = {
  recent,
  waiting: (one, other) =>
    (one.waitingSince ?? Infinity) - (other.waitingSince ?? Infinity) || recent(one, other),
  expiring: (one, other) =>
    (one.allowance.expiresAt ?? Infinity) - (other.allowance.expiresAt ?? Infinity) || recent(one, other),
}
