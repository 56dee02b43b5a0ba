import {
  conversationViews,
  messageViews,
  type ConversationView,
  type MessageView,
  type ViewSource,
} from '../conversation/index.js'
import { notFound } from '../http/http-error.js'
import { mayUse, type Principal } from '../http/principal.js'
import type { Store } from '../store/index.js'

/** Returns the appid of a conversation. Throws HttpError (404) where there is none, or the principal may not see it. */
export async function appOfConversation(
  { db }: Pick<Store, 'db'>,
  conversationId: number,
  principal: Principal,
): Promise<string> {
  const row = await db
    .selectFrom('conversation')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select('contact.app_id')
    .where('conversation.id', '=', conversationId)
    .executeTakeFirst()
  if (!row || !mayUse(principal, row.app_id)) throw notFound()
  return row.app_id
}

/** Finds conversations and messages for who may see them. Each throws HttpError (404) for one that is not there. */
export class ConversationAccess {
  readonly #views: ViewSource

  constructor(views: ViewSource) {
    this.#views = views
  }

  /** The appid of a conversation. Throws the same 404 where the principal may not see it. */
  readonly appOf = (conversationId: number, principal: Principal): Promise<string> =>
    appOfConversation(this.#views.store, conversationId, principal)

  readonly conversationOf = async (id: number): Promise<ConversationView> => {
    const [view] = await conversationViews(this.#views, [id])
    if (!view) throw notFound()
    return view
  }

  readonly messageOf = async (id: number): Promise<MessageView> => {
    const view = (await messageViews(this.#views, [id])).get(id)
    if (!view) throw notFound()
    return view
  }

  /** Throws the same 404 where the principal may not see the message. */
  readonly mustSee = async (messageId: number, principal: Principal): Promise<void> => {
    const row = await this.#views.store.db
      .selectFrom('message')
      .select('conversation_id')
      .where('id', '=', messageId)
      .executeTakeFirst()
    if (!row) throw notFound()
    await this.appOf(row.conversation_id, principal)
  }
}
