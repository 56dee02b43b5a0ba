import type { Store } from '../store/index.js'
import type { Entries, EntriesAsked } from './entries.js'
import { entryUses, unused, type EntryUse } from './entry-use.js'
import type { KnowledgeEntry } from './knowledge-entry.js'
import type { Asking } from './scope.js'

/** In which order entries are listed: the newest first, or by how often they were sent in the last 30 days. */
export const entryOrders = ['newest', 'most_used', 'least_used'] as const

/** An entry in a list. */
export interface ListedEntry extends KnowledgeEntry {
  readonly used: EntryUse
}

export interface PageAsked extends Omit<EntriesAsked, 'before'> {
  readonly sort: (typeof entryOrders)[number]
  readonly cursor?: number | undefined
}

export interface EntriesPage {
  readonly items: ListedEntry[]
  /** Where the next page begins; null behind the last. */
  readonly next: string | null
}

export interface EntryPagesOptions {
  readonly entries: Pick<Entries, 'list'>
  readonly store: Pick<Store, 'db'>
  readonly now: () => number
}

/** Reads a page of entries; a cursor is the last one’s id, or in an order by uses how many stand before. */
export async function entriesPage(
  { entries, store, now }: EntryPagesOptions,
  asking: Asking,
  { sort, cursor, limit, ...asked }: PageAsked,
): Promise<EntriesPage> {
  if (sort === 'newest') {
    const found = await entries.list(asking, { ...asked, before: cursor, limit: limit + 1 })
    const page = found.slice(0, limit)
    const ids = page.map(({ id }) => id)
    const items = withUses(page, await entryUses(store, now(), ids))
    return { items, next: found.length > limit ? String(page.at(-1)?.id) : null }
  }
  const found = await entries.list(asking, { ...asked, limit: Infinity })
  const sign = sort === 'most_used' ? -1 : 1
  const sorted = withUses(found, await entryUses(store, now())).toSorted(
    (a, b) => sign * (a.used.recent - b.used.recent) || sign * ((a.used.lastAt ?? 0) - (b.used.lastAt ?? 0)),
  )
  const start = cursor ?? 0
  const end = start + limit
  return { items: sorted.slice(start, end), next: sorted.length > end ? String(end) : null }
}

function withUses(entries: readonly KnowledgeEntry[], uses: ReadonlyMap<number, EntryUse>): ListedEntry[] {
  return entries.map((entry) => ({ ...entry, used: uses.get(entry.id) ?? unused }))
}
