import { ref, type Ref } from 'vue'
import type { Client } from '../api/client.js'
import { storeKey } from './store-key.js'

/** The tags that customers have, and the `session-from` that they came with: what a list can be filtered by. */
export interface KnownLabels {
  knownTags: Ref<string[]>
  knownSources: Ref<string[]>
  /** Throws DeskError. */
  readTags: () => Promise<void>
  readSources: () => Promise<void>
}

export const [knownLabelsKey, useKnownLabels] = storeKey<KnownLabels>('known labels')

export function createKnownLabels(client: Pick<Client, 'tags' | 'sources'>): KnownLabels {
  const knownTags = ref<string[]>([])
  const knownSources = ref<string[]>([])
  return {
    knownTags,
    knownSources,
    async readTags() {
      knownTags.value = await client.tags()
    },
    async readSources() {
      knownSources.value = await client.sources()
    },
  }
}
