import type { EntryView } from '../../../../src/knowledge/schemas/knowledge-entry.js'
import type { Client } from '../../api/client.js'
import type { ListOf } from '../../api/views.js'

/** Reads all entries that the agent may see, newest first. */
export async function readEntries(client: Pick<Client, 'request'>): Promise<EntryView[]> {
  const all: EntryView[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '?limit=200' : `?limit=200&cursor=${cursor}`
    const page: ListOf<EntryView> = await client.request<ListOf<EntryView>>(
      'GET',
      `/knowledge/entries${query}`,
    )
    all.push(...page.items)
    cursor = page.next
  }
  return all
}
