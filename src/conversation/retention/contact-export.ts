import type { Store } from '../../store/index.js'
import { contactOpenId } from '../customer-key.js'
import { conversationViews } from '../queries/conversation-view.js'
import { messageViewColumns, viewsOfMessages } from '../queries/message-view.js'
import type { ViewSource } from '../queries/view-source.js'
import { unreadableNaming } from './unreadable-pushes.js'

export interface ExportOptions {
  readonly views: ViewSource
  /** Notes which pictures all messages show: what came a moment ago is not noted by itself yet. */
  readonly notePictures: () => Promise<void>
  /** A stored picture's bytes. */
  readonly readPicture: (id: number) => Promise<Buffer | undefined>
}

/** A customer that can be exported. */
export interface ExportedContact {
  readonly id: number
  readonly appId: string
  readonly openId: string
  readonly conversationId: number
}

const MESSAGES_AT_ONCE = 200
const PUSHES_AT_ONCE = 2000

/** Whom a contact's id means; undefined when there is none. */
export async function findContact(
  { db }: Pick<Store, 'db'>,
  id: number,
): Promise<ExportedContact | undefined> {
  const row = await db
    .selectFrom('contact')
    .innerJoin('conversation', 'conversation.contact_id', 'contact.id')
    .select(['contact.app_id', contactOpenId.as('open_id'), 'conversation.id'])
    .where('contact.id', '=', id)
    .executeTakeFirst()
  return row && { id, appId: row.app_id, openId: row.open_id, conversationId: row.id }
}

/**
 * All that is kept of a customer as the pieces of one JSON document: `{ exportedAt, conversation, messages, pictures,
 * pushes }`, oldest first, pictures with their bytes in base64. Read in small pieces, however much it is.
 */
export async function* exportContact(
  { views, notePictures, readPicture }: ExportOptions,
  contact: ExportedContact,
): AsyncGenerator<string> {
  const [conversation] = await conversationViews(views, [contact.conversationId])
  yield `{"exportedAt":${views.now()},"conversation":${JSON.stringify(conversation ?? null)}`
  yield* list('messages', messagesOf(views, contact))
  await notePictures()
  yield* list('pictures', picturesOf(views, readPicture, contact))
  yield* list('pushes', pushesOf(views, contact))
  yield '}\n'
}

async function* list(name: string, items: AsyncIterable<object>): AsyncGenerator<string> {
  yield `,"${name}":[`
  let comma = ''
  for await (const item of items) {
    yield `${comma}\n${JSON.stringify(item)}`
    comma = ','
  }
  yield ']'
}

async function* messagesOf(views: ViewSource, { conversationId }: ExportedContact): AsyncGenerator<object> {
  for (let after = 0; ;) {
    const rows = await views.store.db
      .selectFrom('message')
      .select(messageViewColumns)
      .where('conversation_id', '=', conversationId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(MESSAGES_AT_ONCE)
      .execute()
    yield* await viewsOfMessages(rows, views)
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

async function* picturesOf(
  { store }: ViewSource,
  readPicture: ExportOptions['readPicture'],
  { conversationId }: ExportedContact,
): AsyncGenerator<object> {
  const rows = await store.db
    .selectFrom('message')
    .innerJoin('message_media', 'message_media.message_id', 'message.id')
    .innerJoin('media', 'media.id', 'message_media.media_id')
    .select(['media.id', 'media.media_id', 'media.state', 'media.mime', 'media.created_at'])
    .distinct()
    .where('message.conversation_id', '=', conversationId)
    .orderBy('media.created_at')
    .orderBy('media.id')
    .execute()
  for (const row of rows) {
    const bytes = row.state === 'stored' ? await readPicture(row.id) : undefined
    yield {
      id: row.id,
      mediaId: row.media_id,
      state: row.state,
      mime: row.mime,
      createdAt: row.created_at,
      base64: bytes?.toString('base64') ?? null,
    }
  }
}

async function* pushesOf({ store }: ViewSource, { appId, openId }: ExportedContact): AsyncGenerator<object> {
  const last = await store.db
    .selectFrom('push')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  for (let from = 0; from < (last?.id ?? 0); from += PUSHES_AT_ONCE) {
    const rows = await store.db
      .selectFrom('push')
      .select(['received_at', 'state', 'plaintext'])
      .where('id', '>', from)
      .where('id', '<=', from + PUSHES_AT_ONCE)
      .where((eb) =>
        eb.or([
          eb.and([eb('app_id', '=', appId), eb('open_id', '=', openId)]),
          unreadableNaming(store.dialect, appId, openId),
        ]),
      )
      .orderBy('id')
      .execute()
    for (const row of rows) yield { receivedAt: row.received_at, state: row.state, plaintext: row.plaintext }
    // Pieces without anything of theirs would otherwise follow each other without a pause.
    await new Promise(setImmediate)
  }
}
