import { sql } from 'kysely'
import { bulkRows, type MediaTable, type MessageTable, type Store } from '../../store/index.js'
import { mediaIdOf } from '../../wechat/index.js'

/** The picture of a message, as far as it is here. */
export interface MediaSummary {
  readonly id: number
  readonly state: MediaTable['state']
  readonly problem: string | null
  readonly mime: string | null
  readonly width: number | null
  readonly height: number | null
}

/**
 * The pictures of messages, by the messages' ids. They are found by media id, so a message shows its picture from
 * the start where the picture was here before.
 */
export async function picturesOf(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  messages: readonly {
    readonly row: Pick<MessageTable, 'id' | 'conversation_id' | 'msg_type'>
    readonly content: object
  }[],
): Promise<Map<number, MediaSummary>> {
  const wanted = messages.flatMap(({ row, content }) => {
    const mediaId = mediaIdOf(row.msg_type, content)
    return mediaId === undefined
      ? []
      : [{ message_id: row.id, conversation_id: row.conversation_id, media_id: mediaId }]
  })
  if (wanted.length === 0) return new Map()
  const { rows } = await sql<MediaSummary & { message_id: number }>`
    select rows.message_id, media.id, media.state, media.problem, media.mime, media.width, media.height
    from ${bulkRows(dialect, columns, wanted)}
    join conversation c on c.id = rows.conversation_id join contact on contact.id = c.contact_id
    join media on media.app_id = contact.app_id and media.media_id = rows.media_id`.execute(db)
  return new Map(rows.map(({ message_id: messageId, ...summary }) => [messageId, summary]))
}

const columns = { message_id: 'bigint', conversation_id: 'bigint', media_id: 'text' } as const
