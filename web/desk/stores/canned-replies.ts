import { ref, type Ref } from 'vue'
import type { Client } from '../api/client.js'
import type { CannedReply } from '../api/views.js'
import { storeKey } from './store-key.js'

/** The canned replies that the agent may use. */
export interface CannedReplies {
  cannedReplies: Ref<CannedReply[]>
  /** Throws DeskError. */
  read: () => Promise<void>
}

export const [cannedRepliesKey, useCannedReplies] = storeKey<CannedReplies>('canned replies')

export function createCannedReplies(client: Pick<Client, 'cannedReplies'>): CannedReplies {
  const cannedReplies = ref<CannedReply[]>([])
  return {
    cannedReplies,
    async read() {
      cannedReplies.value = await client.cannedReplies()
    },
  }
}
