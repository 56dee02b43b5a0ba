import { shallowRef, type ShallowRef } from 'vue'
import type { Client } from '../api/client.js'
import type { ConversationView } from '../api/views.js'
import type { Conversations } from './conversations.js'
import { storeKey } from '../stores/store-key.js'

/** How long a close or a release can be taken back, as the service has it. */
const undoMs = 8000

/** What can be taken back at the moment. */
export interface Undoable {
  what: 'close' | 'release'
  /** The conversation as the change left it. */
  view: ConversationView
}

export interface Undo {
  /** The last close or release of this page, while it can be taken back. */
  offered: ShallowRef<Undoable | null>
  /** Offers to take back what was done; its time runs from when it was asked for, on a clock that nobody sets. */
  offer(undoable: Undoable, askedAt: number): void
  /** Takes it back; the conversation is one's own again. */
  undo(): Promise<void>
  dismiss: () => void
}

export const [undoKey, useUndo] = storeKey<Undo>('undo')

export interface UndoOptions {
  client: Pick<Client, 'undo'>
  conversations: Pick<Conversations, 'put'>
  /** Does it; what the service says against it is shown. */
  run: (action: () => Promise<unknown>) => Promise<boolean>
  onUndone: (view: ConversationView) => void
  /** Milliseconds, from a clock that only goes on. */
  clock: () => number
}

/** Closing and giving back happen at once; for some seconds they can be taken back. */
export function createUndo({ client, conversations, run, onUndone, clock }: UndoOptions): Undo {
  const offered = shallowRef<Undoable | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  const dismiss = (): void => {
    clearTimeout(timer)
    offered.value = null
  }
  return {
    offered,
    dismiss,
    offer(undoable, askedAt) {
      dismiss()
      const left = askedAt + undoMs - clock()
      if (left <= 0) return
      offered.value = undoable
      timer = setTimeout(dismiss, left)
    },
    async undo() {
      const undoable = offered.value
      if (undoable === null) return
      dismiss()
      const { id, epoch } = undoable.view
      await run(async () => {
        const view = await client.undo(id, epoch)
        conversations.put(view)
        onUndone(view)
      })
    },
  }
}
