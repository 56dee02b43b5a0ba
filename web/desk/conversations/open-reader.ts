import { watch } from 'vue'
import { DeskError, type Client } from '../api/client.js'
import type { ConversationView } from '../api/views.js'
import type { I18n } from '../locales/i18n.js'
import type { Router } from '../router.js'
import type { Problems } from '../stores/problems.js'
import type { Toasts } from '../stores/toasts.js'
import type { Conversations } from './conversations.js'
import type { OpenConversation } from './open-conversation.js'
import type { Threads } from './thread/threads.js'

/** Reads the conversation that is open, and leaves one that is gone. */
export interface OpenReader {
  /** Reads the one that is open anew. */
  read: () => Promise<void>
  /** Who was open stays open, under the number that they have now; who is not known any more is left. */
  followCustomer: (before: ConversationView) => Promise<void>
}

export interface OpenReaderOptions {
  client: Pick<Client, 'conversation' | 'conversations' | 'present'>
  i18n: I18n
  router: Router
  toasts: Pick<Toasts, 'say'>
  problem: Problems['problem']
  conversations: Conversations
  selected: OpenConversation['selected']
  threads: Pick<Threads, 'open'>
  /** Marks as read what is in sight. */
  markRead: () => void
}

/** Follows which conversation is open, for as long as the effect scope lasts. */
export function createOpenReader(options: OpenReaderOptions): OpenReader {
  const { client, i18n, router, toasts, problem, conversations, selected, threads, markRead } = options

  function leave(): void {
    toasts.say(i18n.t.value('thread.gone'), 'bad')
    router.replace('conversations')
  }
  async function readOne(conversationId: number): Promise<void> {
    try {
      conversations.put(await client.conversation(conversationId))
      markRead()
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.status === 404) {
        if (selected.value !== conversationId) return
        conversations.forget(conversationId)
        leave()
      } else problem(error)
    }
  }
  watch(
    selected,
    (id) => {
      if (id === null) return
      const thread = threads.open(id)
      const view = conversations.byId.get(id)
      thread.fresh = { count: view?.unread ?? 0, upTo: view?.lastMessage?.id ?? Infinity }
      if (!view) void readOne(id)
      else markRead()
      void client.present(id, false, false).catch(() => undefined)
    },
    { immediate: true },
  )

  return {
    async read() {
      if (selected.value !== null) await readOne(selected.value)
    },
    async followCustomer({ id, appId, openId }) {
      const isSame = (view: ConversationView): boolean => view.appId === appId && view.openId === openId
      const there = await client.conversation(id).catch(() => undefined)
      if (selected.value !== id || (there && isSame(there))) return
      const { items } = await client.conversations({ app: appId, q: openId })
      const found = items.find(isSame)
      if (selected.value !== id) return
      if (found) {
        conversations.put(found)
        router.replace('conversations', String(found.id))
      } else leave()
    },
  }
}
