import { reactive } from 'vue'
import { DeskError, type Client } from '../api/client.js'
import type { Conversations } from './conversations.js'
import { storeKey } from '../stores/store-key.js'

/** A tag that is being put on a customer, or taken off, and is not yet as it is meant. */
export interface TagEdit {
  conversationId: number
  tag: string
  what: 'add' | 'remove'
  state: 'saving' | 'failed'
}

export interface TagEdits {
  of(conversationId: number): readonly TagEdit[]
  /** Saves it by itself, whatever else is being saved. What fails stays here, to be tried again. */
  save(conversationId: number, tag: string, what: TagEdit['what']): Promise<void>
  discard(edit: TagEdit): void
}

export const [tagEditsKey, useTagEdits] = storeKey<TagEdits>('tag edits')

export interface TagEditsOptions {
  client: Pick<Client, 'changeTags'>
  conversations: Pick<Conversations, 'put'>
  onProblem: (error: DeskError) => void
}

/** Tags are added and removed one by one: two at once, by one person or two, are both kept. */
export function createTagEdits({ client, conversations, onProblem }: TagEditsOptions): TagEdits {
  const edits = reactive<TagEdit[]>([])
  /** Those of one tag follow each other, so that the last that was meant is what stays. */
  const lines = new Map<string, Promise<void>>()

  function drop({ conversationId, tag }: Pick<TagEdit, 'conversationId' | 'tag'>): void {
    const at = edits.findIndex((one) => one.conversationId === conversationId && one.tag === tag)
    if (at >= 0) edits.splice(at, 1)
  }

  async function send(mine: TagEdit): Promise<void> {
    const { conversationId, tag, what } = mine
    // Another edit of the same tag has taken this one's place.
    if (!edits.includes(mine)) return
    try {
      conversations.put(await client.changeTags(conversationId, { [what]: [tag] }))
      if (edits.includes(mine)) drop(mine)
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      mine.state = 'failed'
      onProblem(error)
    }
  }

  return {
    of: (conversationId) => edits.filter((one) => one.conversationId === conversationId),
    async save(conversationId, tag, what) {
      drop({ conversationId, tag })
      edits.push({ conversationId, tag, what, state: 'saving' })
      const mine = edits.at(-1)
      if (!mine) return
      const key = `${conversationId} ${tag}`
      const line = (lines.get(key) ?? Promise.resolve()).then(() => send(mine))
      lines.set(key, line)
      await line
      if (lines.get(key) === line) lines.delete(key)
    },
    discard: drop,
  }
}
