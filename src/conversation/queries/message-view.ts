import { sql } from 'kysely'
import type { MessageField } from '../../wechat/index.js'
import type { MessageTable } from '../../store/index.js'
import { answersAmong, type AssistantAnswer } from './message-answers.js'
import { picturesOf, type MediaSummary } from './message-media.js'
import type { MessageState } from '../message-state.js'
import { idsIn, type ViewSource } from './view-source.js'
import { parseAuthor } from '../../protocol/author.js'

/** A message's content as it is kept, in WeChat's words; a system line says what happened. */
export interface MessageContent extends Readonly<Partial<Record<MessageField, string>>> {
  readonly isAiMsg?: boolean
  readonly msgId?: string
  readonly createTime?: number
  readonly businessId?: string
  readonly type?: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly line?: string
  readonly reason?: string
  readonly sessionFrom?: string
  readonly agentId?: number | null
  readonly to?: number
}

/** A message as pages and programs see it. */
export interface MessageView extends MessageContent {
  readonly id: number
  readonly conversationId: number
  readonly direction: 'incoming' | 'outgoing' | 'note' | 'system'
  readonly author: string
  readonly authorName: string | null
  readonly state: MessageState | null
  readonly createdAt: number
  readonly sentAt: number | null
  readonly notBefore: number | null
  readonly errcode: number | null
  readonly problem: string | null
  readonly rid: string | null
  readonly msgType: string
  readonly toName?: string
  readonly media: MediaSummary | null
  readonly assistant?: AssistantAnswer
}

/** The columns that a view is made of. */
export type MessageRow = Pick<
  MessageTable,
  | 'id'
  | 'conversation_id'
  | 'direction'
  | 'author'
  | 'msg_type'
  | 'content'
  | 'state'
  | 'errcode'
  | 'problem'
  | 'rid'
  | 'created_at'
  | 'sent_at'
  | 'not_before'
>

export const messageViewColumns = [
  'id',
  'conversation_id',
  'direction',
  'author',
  'msg_type',
  'content',
  'state',
  'errcode',
  'problem',
  'rid',
  'created_at',
  'sent_at',
  'not_before',
] as const satisfies readonly (keyof MessageRow)[]

/** Messages by their ids; those that are gone are left out. */
export async function messageViews(
  source: ViewSource,
  ids: readonly number[],
): Promise<Map<number, MessageView>> {
  const { store } = source
  if (ids.length === 0) return new Map()
  const rows = await store.db
    .selectFrom('message')
    .select(messageViewColumns)
    .where(sql<boolean>`id in (${idsIn(store.dialect, ids)})`)
    .execute()
  return new Map((await viewsOfMessages(rows, source)).map((view) => [view.id, view]))
}

/** Rows as views, in their order. */
export async function viewsOfMessages(
  rows: readonly MessageRow[],
  { store, namesOf }: Pick<ViewSource, 'store' | 'namesOf'>,
): Promise<MessageView[]> {
  const decoded = rows.map((row) => ({ row, content: JSON.parse(row.content) as MessageContent }))
  const people = decoded.flatMap(({ row, content }) => [actorOf(row, content) ?? [], content.to ?? []])
  const [names, pictures, answers] = await Promise.all([
    namesOf([...new Set(people.flat())]),
    picturesOf(store, decoded),
    answersAmong({ store }, rows),
  ])
  return decoded.map(({ row, content }) => {
    const actor = actorOf(row, content)
    const answer = answers.get(row.id)
    const toName = content.to === undefined ? undefined : names.get(content.to)
    return {
      ...content,
      ...(toName === undefined ? {} : { toName }),
      id: row.id,
      conversationId: row.conversation_id,
      direction: row.direction,
      author: row.author,
      authorName: actor === undefined ? null : (names.get(actor) ?? null),
      state: row.state,
      createdAt: row.created_at,
      sentAt: row.sent_at,
      notBefore: row.state === 'queued' ? row.not_before : null,
      errcode: row.errcode,
      problem: row.problem,
      rid: row.rid,
      msgType: row.msg_type,
      media: pictures.get(row.id) ?? null,
      ...(answer && { assistant: answer }),
    }
  })
}

/** The agent who wrote a message, or did what a system line says. */
function actorOf({ author }: MessageRow, { agentId }: MessageContent): number | undefined {
  const who = parseAuthor(author)
  return who.kind === 'agent' ? who.id : (agentId ?? undefined)
}
