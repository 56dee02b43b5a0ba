import { onScopeDispose } from 'vue'
import type { Client } from '../api/client.js'
import type { Conversations } from '../conversations/conversations.js'
import type { ConversationList } from '../conversations/list/conversation-list.js'
import type { OpenConversation } from '../conversations/open-conversation.js'
import type { OpenReader } from '../conversations/open-reader.js'
import type { Threads } from '../conversations/thread/threads.js'
import { quietly } from './problems.js'

export interface ReadingsOptions {
  client: Pick<Client, 'session' | 'conversations'>
  meId: number
  /** The database that was signed in to. */
  databaseId: string
  conversations: Conversations
  list: Pick<ConversationList, 'reload'>
  threads: Pick<Threads, 'refresh' | 'startAnew'>
  open: OpenConversation['open']
  reader: OpenReader
  /** What else is read, first of all what the rest is shown by. */
  first: () => Promise<void>
  others: readonly (() => Promise<void>)[]
  /** Called when the service goes on with another database. */
  onOtherDatabase: () => void
}

export interface Readings {
  /** Reads everything, as at the beginning and after a break. */
  readAll: () => void
  /** The service may have been set back to a backup: numbers are given again, and nothing that is known here holds. */
  readAnew: () => void
}

/** Milliseconds that the events are waited for before it is read without them. */
const waitMs = 1500

/** What the page reads by itself. The first time comes by itself, too, where the events are long in coming. */
export function createReadings(options: ReadingsOptions): Readings {
  const { client, meId, databaseId, conversations, list, threads, open, reader } = options
  const { first, others, onOtherDatabase } = options

  function readAll(readThreads = threads.refresh): void {
    clearTimeout(firstRead)
    void first()
    void list.reload()
    // Whom a colleague handed over while this page was not there calls as well.
    void quietly(async () => {
      const mine = await client.conversations({ status: 'assigned', agent: String(meId), limit: 200 })
      for (const view of mine.items) conversations.put(view)
    })
    void quietly(readThreads)
    for (const read of others) void quietly(read)
    void reader.read()
  }
  // The events are joined first, so that nothing falls between; without them there is still something to see.
  const firstRead = setTimeout(readAll, waitMs)
  onScopeDispose(() => {
    clearTimeout(firstRead)
  })

  return {
    readAll: () => {
      readAll()
    },
    readAnew() {
      conversations.distrust()
      const before = open.value
      void quietly(async () => {
        // The numbers that follow are those of this database.
        const now = await client.session()
        if (before !== null) await reader.followCustomer(before)
        // What is written goes on there under the customers, not under numbers that are others' now.
        if (now.databaseId !== databaseId) onOtherDatabase()
      })
      readAll(threads.startAnew)
    },
  }
}
