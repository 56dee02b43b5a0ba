import { contactOpenId, messageViewColumns, viewsOfMessages, type ViewSource } from '../conversation/index.js'
import type { Scope } from '../http/principal.js'

/** Which messages are exported. */
export interface ExportedMessages {
  /** Milliseconds since 1970: from the first moment on, before the last. */
  readonly start: number
  readonly end: number
  readonly apps: Scope
}

/** Numbers of messages that are gone through in one reading, of which there may be none at all. */
const NUMBERS = 500

/**
 * All messages of some days as JSON lines in the order of their numbers, each as the API shows it with the AppID and
 * the OpenID of its customer. Read in small pieces as they are taken, however many there are.
 */
export async function* messageLines(
  source: ViewSource,
  { start, end, apps }: ExportedMessages,
): AsyncGenerator<string> {
  if (apps !== 'all' && apps.length === 0) return
  const { db } = source.store
  const { last } = await db
    .selectFrom('message')
    .select((eb) => eb.fn.max<number | null>('id').as('last'))
    .executeTakeFirstOrThrow()
  // By numbers, since a clock that was put back may have given a later message an earlier time.
  for (let from = 0; from < (last ?? 0); from += NUMBERS) {
    const rows = await db
      .selectFrom('message')
      .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select(messageViewColumns.map((name) => `message.${name}` as const))
      .select(['contact.app_id', contactOpenId.as('open_id')])
      .where('message.id', '>', from)
      .where('message.id', '<=', from + NUMBERS)
      .where('message.created_at', '>=', start)
      .where('message.created_at', '<', end)
      .$if(apps !== 'all', (query) => query.where('contact.app_id', 'in', apps === 'all' ? [] : [...apps]))
      .orderBy('message.id')
      .execute()
    const views = await viewsOfMessages(rows, source)
    if (views.length > 0)
      yield views
        .map((view, i) => {
          const { app_id: appId, open_id: openId } = rows[i] ?? {}
          return `${JSON.stringify({ appId, openId, ...view })}\n`
        })
        .join('')
    // Others have their turn: reading SQLite holds the process up.
    await new Promise(setImmediate)
  }
}
