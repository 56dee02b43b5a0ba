import { computed, reactive, ref, shallowReactive, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { ConversationQuery } from '../../api/calls.js'
import { DeskError, type Client } from '../../api/client.js'
import type { ConversationView, Counts } from '../../api/views.js'
import type { Conversations } from '../conversations.js'
import {
  belongs,
  noFilters,
  orders,
  queryFor,
  usualSorts,
  type Filters,
  type Order,
  type Sort,
  type Tab,
} from './list-query.js'
import { storeKey } from '../../stores/store-key.js'

export interface ConversationList {
  tab: Ref<Tab>
  /** Of the tab that is shown; what is chosen is kept. */
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

export const [conversationListKey, useConversationList] = storeKey<ConversationList>('conversation list')

export interface ConversationListOptions {
  client: Client
  conversations: Conversations
  meId: number
  /** The open conversation: it stays in the list until another is chosen. */
  selected: Ref<number | null>
  /** What each tab is sorted by, as it was chosen and is kept. */
  sorts: Record<Tab, Sort>
  /** Milliseconds since 1970 on the server's clock, each second anew. */
  now: Ref<number>
  onProblem: (error: DeskError) => void
}

interface Pages {
  next: string | null | undefined
  /** The last row as it was read: what comes behind it is not known to be complete. */
  reaches: ConversationView | 'nothing' | 'all'
  loading: boolean
  failed: boolean
  /** The conversations that the server found, for a search. */
  found: readonly number[]
}

const pageSize = 50
/** So many rows are read at once at most. */
const largestPage = 200

/** The left pane: which conversations are shown, in which order, read page by page and kept up by events. */
export function createConversationList(options: ConversationListOptions): ConversationList {
  const { client, conversations, meId, selected, sorts, now, onProblem } = options
  const tab = ref<Tab>('waiting')
  const sortOf = (which: Tab): Sort =>
    Object.hasOwn(orders, sorts[which]) ? sorts[which] : usualSorts[which]
  const sort = computed({
    get: () => sortOf(tab.value),
    set(chosen) {
      sorts[tab.value] = chosen
    },
  })
  const search = ref('')
  const filters = reactive({ ...noFilters })
  const counts = ref<Counts>({ waiting: 0, mine: 0, bot: 0, all: 0 })
  const pages = shallowReactive(new Map<string, Pages>())
  /** The rows from the top that do not move now. */
  const held = shallowRef<readonly number[]>([])

  const wanted = computed(() => ({
    tab: tab.value,
    sort: sort.value,
    search: search.value.trim(),
    filters: { ...filters },
    meId,
  }))
  const isSearch = computed(() => wanted.value.search !== '')
  const query = computed(() => queryFor(wanted.value))
  const viewKey = computed(() => JSON.stringify([query.value, tab.value]))
  const page = computed(() => pages.get(viewKey.value))
  /** What ends soon changes by itself, but nobody needs to know by the second. */
  const minute = computed(() => Math.floor(now.value / 60_000) * 60_000)

  const isMeant = (view: ConversationView): boolean => belongs(view, wanted.value, () => minute.value)

  const live = computed(() => {
    const known = page.value
    if (!known) return []
    const order = orders[sort.value]
    const { reaches } = known
    const views = isSearch.value
      ? known.found.flatMap((id) => conversations.byId.get(id) ?? [])
      : [...conversations.byId.values()].filter((view) => isWithin(view, reaches, order))
    const rows = views.filter(isMeant)
    const open = selected.value === null ? undefined : conversations.byId.get(selected.value)
    if (open && !isSearch.value && kept.value === open.id && !rows.includes(open)) rows.push(open)
    return isSearch.value ? rows : rows.sort(order)
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
    if (!page.value) void read(viewKey.value, query.value, false)
  })
  watch(minute, () => {
    if (filters.expiring && page.value?.loading === false) void read(viewKey.value, query.value, true)
  })

  /** Reads the next page of a view, or its rows anew from the top; resolves to whether it could. */
  async function read(key: string, asked: ConversationQuery | null, anew: boolean): Promise<boolean> {
    const before = pages.get(key)
    if (!anew && (before?.loading === true || before?.next === null)) return true
    const known = before ?? { next: undefined, reaches: 'nothing' as const, found: [], failed: false }
    const mine: Pages = { ...known, loading: true, failed: false }
    pages.set(key, mine)
    // Another reading of the same view has begun meanwhile: it is the one that counts.
    const settle = (pageNow: Pages): void => {
      if (pages.get(key) === mine) pages.set(key, pageNow)
    }
    try {
      const cursor = anew ? undefined : before?.next
      const rowsThen = anew && key === viewKey.value ? rows.value.length : 0
      const { items, next } =
        asked === null
          ? { items: [], next: null }
          : await client.conversations({
              ...asked,
              limit: Math.min(largestPage, Math.max(pageSize, rowsThen)),
              ...(typeof cursor === 'string' ? { cursor } : {}),
            })
      for (const view of items) conversations.put(view)
      settle({
        next,
        reaches: next === null ? 'all' : (items.at(-1) ?? known.reaches),
        found: [...new Set([...(anew ? [] : known.found), ...items.map(({ id }) => id)])],
        loading: false,
        failed: false,
      })
      // A search may have to look further than one answer does.
      const isShown = pages.get(key)?.loading === false && key === viewKey.value
      const isBarren = !items.some(isMeant)
      return isShown && isBarren && next !== null ? await read(key, asked, false) : true
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      settle({ ...known, loading: false, failed: true })
      onProblem(error)
      return false
    }
  }

  /** Who waits is always known: that is what rings. */
  const readsWaiting = (): ConversationQuery | null =>
    queryFor({ tab: 'waiting', sort: sortOf('waiting'), search: '', filters: noFilters, meId })

  async function reload(): Promise<void> {
    const before = conversations.mark()
    const [key, asked] = [viewKey.value, query.value]
    for (const other of [...pages.keys()]) if (other !== key) pages.delete(other)
    const waitingQuery = readsWaiting()
    const waitingKey = JSON.stringify([waitingQuery, 'waiting'])
    const readings = [read(key, asked, true)]
    if (key !== waitingKey) readings.push(read(waitingKey, waitingQuery, true))
    const [done] = await Promise.all([Promise.all(readings), reloadCounts()])
    // What was not heard of again may be otherwise by now, or gone.
    if (done.every(Boolean)) conversations.forgetBefore(before, selected.value)
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
        [filters.tag, filters.source, filters.sourceKey].filter((text) => text !== '').length +
        [filters.closed, filters.failed, filters.expiring, filters.agentId !== null].filter(Boolean).length,
    ),
    rows,
    moved,
    state: computed(() => {
      if (!page.value) return 'loading'
      if (rows.value.length > 0) return 'ready'
      if (page.value.failed) return 'failed'
      return page.value.loading || page.value.next !== null ? 'loading' : 'ready'
    }),
    hasMore: computed(() => page.value?.next !== null),
    hold(index) {
      if (index === null) held.value = []
      else if (index + 1 !== held.value.length)
        held.value = rows.value.slice(0, index + 1).map(({ id }) => id)
    },
    async more() {
      await read(viewKey.value, query.value, false)
    },
    reload,
    reloadCounts,
    clearFilters() {
      Object.assign(filters, noFilters)
    },
  }
}

function isWithin(view: ConversationView, reaches: Pages['reaches'], order: Order): boolean {
  return typeof reaches === 'string' ? reaches === 'all' : order(view, reaches) <= 0
}
