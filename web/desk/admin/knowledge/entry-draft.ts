import type { EntryInput, EntryView } from '../../../../src/knowledge/schemas/knowledge-entry.js'
import { limits } from '../../../../src/wechat/limits.js'
import { utf8Bytes } from '../../text/bytes.js'
import { dayEnd, dayStart } from './day-bounds.js'
import { extraDraft, extraOf, isExtraWhole, type ExtraDraft } from './entry-extra.js'

/** An entry while it is written: what its fields hold. */
export interface EntryDraft {
  title: string
  /** One a line. */
  wordings: string
  text: string
  /** The message that follows. */
  extra: ExtraDraft
  state: EntryView['state']
  audience: EntryView['audience']
  appId: string | null
  /** Days as `YYYY-MM-DD`, both included; empty for always. */
  from: string
  until: string
}

/** Why a draft can't be saved. */
export type EntryProblem = 'title' | 'text' | 'bytes' | 'wordings' | 'wordingLong' | 'extra' | 'days'

export const MAX_WORDINGS = 50
export const MAX_QUESTION = 200
export const MAX_BYTES = limits.textBytes

export function emptyDraft(title = ''): EntryDraft {
  return {
    title,
    wordings: '',
    text: '',
    extra: extraDraft(null),
    state: 'live',
    audience: 'customer',
    appId: null,
    from: '',
    until: '',
  }
}

export function draftOf(entry: EntryView, zone: string): EntryDraft {
  const { title, wordings, text, state, audience, appId, validFrom, validUntil } = entry
  return {
    title,
    wordings: wordings.join('\n'),
    text,
    extra: extraDraft(entry.extra),
    state,
    audience,
    appId,
    from: validFrom === null ? '' : dayStart.nameOf(validFrom, zone),
    until: validUntil === null ? '' : dayEnd.nameOf(validUntil, zone),
  }
}

/** The entry that a draft is; `before` keeps what has no field, and moments whose day was not changed. */
export function entryOfDraft(draft: EntryDraft, before: EntryView | null, zone: string): EntryInput {
  const was = before && draftOf(before, zone)
  const { title, text, state, audience, appId, from, until } = draft
  return {
    title: title.trim(),
    wordings: wordingsOf(draft),
    text: text.trim(),
    state,
    audience,
    appId,
    extra: extraOf(draft.extra, before?.extra ?? null),
    validFrom: from === was?.from ? (before?.validFrom ?? null) : dayStart.momentOf(from, zone),
    validUntil: until === was?.until ? (before?.validUntil ?? null) : dayEnd.momentOf(until, zone),
  }
}

/** The other wordings: lines that are not empty, each once. */
export function wordingsOf({ wordings }: Pick<EntryDraft, 'wordings'>): string[] {
  const lines = wordings.split('\n').map((line) => line.trim())
  return [...new Set(lines.filter((line) => line !== ''))]
}

export function bytesOf({ text }: Pick<EntryDraft, 'text'>): number {
  return utf8Bytes(text.trim())
}

/** The first thing that keeps a draft from being saved. */
export function problemOf(draft: EntryDraft): EntryProblem | undefined {
  const wordings = wordingsOf(draft)
  if (draft.title.trim() === '') return 'title'
  if (draft.text.trim() === '') return 'text'
  if (bytesOf(draft) > MAX_BYTES) return 'bytes'
  if (wordings.length > MAX_WORDINGS) return 'wordings'
  if (wordings.some((each) => each.length > MAX_QUESTION)) return 'wordingLong'
  if (!isExtraWhole(draft.extra)) return 'extra'
  return draft.from !== '' && draft.until !== '' && draft.from > draft.until ? 'days' : undefined
}
