import type { ConversationQuery } from '../../api/calls.js'
import type { ConversationView } from '../../api/views.js'
import { readSessionFrom } from '../../text/session-from.js'
import { windowLook } from '../../text/window-look.js'

export const tabs = ['waiting', 'mine', 'bot', 'all'] as const
export type Tab = (typeof tabs)[number]
export type Sort = 'recent' | 'waiting' | 'expiring'

/** What each tab is sorted by until somebody chooses: who waits is served in turn. */
export const usualSorts: Readonly<Record<Tab, Sort>> = {
  waiting: 'waiting',
  mine: 'recent',
  bot: 'recent',
  all: 'recent',
}

export interface Filters {
  /** Mini Program; empty for all. */
  appId: string
  tag: string
  /** A colleague's id, or null. */
  agentId: number | null
  /** A `session-from` as it came. */
  source: string
  /** A field that it has; empty for none. */
  sourceKey: string
  /** What that field says; null for anything. */
  sourceValue: string | null
  closed: boolean
  failed: boolean
  expiring: boolean
}

export const noFilters: Filters = {
  appId: '',
  tag: '',
  agentId: null,
  source: '',
  sourceKey: '',
  sourceValue: null,
  closed: false,
  failed: false,
  expiring: false,
}

/** A window that ends within so many hours is about to. */
const expiringHours = 6

/** What the list is asked to show. */
export interface Wanted {
  tab: Tab
  sort: Sort
  /** Empty when nothing is searched for. */
  search: string
  filters: Filters
  meId: number
}

/** The same for the service; null when nothing can be like that. */
export function queryFor({ tab, sort, search, filters, meId }: Wanted): ConversationQuery | null {
  const query: ConversationQuery = {}
  if (filters.appId !== '') query.app = filters.appId
  if (filters.tag !== '') query.tag = filters.tag
  if (filters.source !== '') query.source = filters.source
  if (filters.sourceKey !== '') {
    query.sourceKey = filters.sourceKey
    if (filters.sourceValue !== null) query.sourceValue = filters.sourceValue
  }
  if (filters.failed) query.failed = 'true'
  if (filters.expiring) query.expiring = expiringHours
  if (filters.agentId !== null) query.agent = String(filters.agentId)
  if (search !== '') return { ...query, ...(filters.closed ? { status: 'closed' } : {}), q: search }
  if (sort !== 'recent') query.sort = sort
  if (filters.closed) return { ...query, status: 'closed' }
  switch (tab) {
    case 'waiting':
    case 'bot':
      return filters.agentId === null ? { ...query, status: tab } : null
    case 'mine':
      if (filters.agentId !== null && filters.agentId !== meId) return null
      return { ...query, status: 'assigned', agent: String(meId) }
    case 'all':
      return query
  }
}

/** Whether a conversation, as the page knows it, is among what is asked for. */
export function belongs(
  view: ConversationView,
  { tab, search, filters, meId }: Wanted,
  now: () => number,
): boolean {
  if (filters.appId !== '' && view.appId !== filters.appId) return false
  if (filters.tag !== '' && !view.contact.tags.includes(filters.tag)) return false
  if (filters.agentId !== null && view.agent?.id !== filters.agentId) return false
  if (filters.failed && !view.failed) return false
  if (filters.source !== '' && view.contact.sessionFrom !== filters.source) return false
  if (filters.sourceKey !== '' && !hasField(view, filters)) return false
  if (filters.expiring && !isExpiring(view, now())) return false
  if (filters.closed) return view.status === 'closed'
  if (search !== '') return true
  switch (tab) {
    case 'waiting':
    case 'bot':
      return view.status === tab
    case 'mine':
      return view.status === 'assigned' && view.agent?.id === meId
    case 'all':
      return true
  }
}

/** Whether the time that WeChat allows for an answer ends soon; the minute after an entry is no such time. */
export function isExpiring(view: ConversationView, now: number): boolean {
  const look = windowLook(view.allowance, now)
  return view.allowance.source === 'message' && 'leftMs' in look && look.leftMs <= expiringHours * 3_600_000
}

function hasField({ contact }: ConversationView, { sourceKey, sourceValue }: Filters): boolean {
  return readSessionFrom(contact.sessionFrom ?? '').fields.some(
    ([key, value]) => key === sourceKey && (sourceValue === null || value === sourceValue),
  )
}

const recent = (one: ConversationView, other: ConversationView): number =>
  (other.lastMessage?.id ?? 0) - (one.lastMessage?.id ?? 0) || other.id - one.id

const windowEnd = ({ allowance }: ConversationView): number =>
  allowance.source === 'message' ? (allowance.expiresAt ?? Infinity) : Infinity

/** What is missing comes last: two of them are equal, and Infinity - Infinity is nothing. */
const ascending = (one: number, other: number): number => (one === other ? 0 : one - other)

export type Order = (one: ConversationView, other: ConversationView) => number

/** The orders of the service's lists. */
export const orders: Record<Sort, Order> = {
  recent,
  waiting: (one, other) =>
    ascending(one.waitingSince ?? Infinity, other.waitingSince ?? Infinity) || recent(one, other),
  expiring: (one, other) => ascending(windowEnd(one), windowEnd(other)) || recent(one, other),
}
