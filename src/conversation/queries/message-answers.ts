import { sql } from 'kysely'
import type { AnswerKind } from '../../protocol/turns.js'
import { parseAuthor } from '../../protocol/author.js'
import type { MessageTable } from '../../store/index.js'
import { idsIn, type ViewSource } from './view-source.js'

/** How an assistant came to a message. */
export interface AssistantAnswer {
  /** Null of words with which it handed over. */
  readonly kind: AnswerKind | null
  readonly runId: number
}

/** The answers of assistants among messages, by the messages' ids. */
export async function answersAmong(
  { store }: Pick<ViewSource, 'store'>,
  rows: readonly (Pick<MessageTable, 'author'> & { readonly id: number })[],
): Promise<Map<number, AssistantAnswer>> {
  const ids = rows.filter(({ author }) => parseAuthor(author).kind === 'assistant').map(({ id }) => id)
  if (ids.length === 0) return new Map()
  const found = await store.db
    .selectFrom('run')
    .select(['id', 'kind', 'message_id'])
    .where(sql<boolean>`message_id in (${idsIn(store.dialect, ids)})`)
    .execute()
  return new Map(
    found.flatMap(({ id, kind, message_id: messageId }) =>
      messageId === null ? [] : [[messageId, { kind, runId: id }]],
    ),
  )
}
