import { fromJson, type KnowledgeEntryTable } from '../store/index.js'
import type { Selectable } from 'kysely'
import type { OutgoingMessage } from '../wechat/index.js'
import type { EntryInput } from './schemas/knowledge-entry.js'

/** A question with its answer, in the shop's own words. */
export interface KnowledgeEntry extends EntryInput {
  readonly id: number
  readonly version: number
  readonly updatedBy: string
  readonly updatedAt: number
  /** The page that it was taken from; null where people wrote it. */
  readonly sourceId: number | null
}

export function entryOf(row: Selectable<KnowledgeEntryTable>): KnowledgeEntry {
  return {
    id: row.id,
    appId: row.app_id,
    title: row.title,
    wordings: [...fromJson(row.wordings)],
    text: row.text,
    extra: row.extra === null ? null : (fromJson(row.extra) as OutgoingMessage),
    audience: row.audience,
    state: row.state,
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    version: row.version,
    updatedBy: row.updated_by,
    updatedAt: row.updated_at,
    sourceId: row.source_id,
  }
}

/** Whether an entry may be told at a time, in milliseconds since 1970. */
export function isLiveAt(
  { state, validFrom, validUntil }: Pick<EntryInput, 'state' | 'validFrom' | 'validUntil'>,
  at: number,
): boolean {
  return (
    state === 'live' && (validFrom === null || validFrom <= at) && (validUntil === null || at < validUntil)
  )
}
