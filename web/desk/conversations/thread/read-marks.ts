import type { ComputedRef } from 'vue'
import { DeskError, type Client } from '../../api/client.js'
import type { ConversationView } from '../../api/views.js'
import type { Alerts } from '../../alerts/alerts.js'
import type { Conversations } from '../conversations.js'
import type { Threads } from './threads.js'

export interface ReadMarksOptions {
  client: Pick<Client, 'read'>
  conversations: Conversations
  threads: Threads
  alerts: Pick<Alerts, 'saw'>
  open: ComputedRef<ConversationView | null>
  /** The conversation in sight; null also while the page is hidden. */
  inSight: () => number | null
}

/** Tells the service how far the open conversation has been read, so that unread counts agree everywhere. */
export function createReadMarks(options: ReadMarksOptions): { mark: () => void; forget: () => void } {
  const { client, conversations, threads, alerts, open, inSight } = options
  /** What the service knows, by conversation and epoch: handed over anew, it is unread anew. */
  const told = new Map<string, number>()
  const mark = (): void => {
    const view = open.value
    if (view === null || inSight() !== view.id) return
    alerts.saw(view.id)
    const last = threads.peek(view.id)?.messages.at(-1)?.id ?? 0
    const upTo = Math.max(last, view.lastMessage?.id ?? 0)
    const key = `${view.id} ${view.epoch}`
    if (view.unread === 0 || upTo === 0 || (told.get(key) ?? 0) >= upTo) return
    told.set(key, upTo)
    conversations.markRead(view.id, upTo)
    client.read(view.id, upTo).catch((error: unknown) => {
      if (!(error instanceof DeskError)) throw error
      told.delete(key)
    })
  }
  return {
    mark,
    forget() {
      told.clear()
    },
  }
}
