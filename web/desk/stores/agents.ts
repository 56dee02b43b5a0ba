import { ref, type Ref } from 'vue'
import type { Client } from '../api/client.js'
import type { AgentView } from '../api/views.js'
import { storeKey } from './store-key.js'

/** Everybody who works at this desk. */
export interface Agents {
  agents: Ref<AgentView[]>
  /** Throws DeskError. */
  read: () => Promise<void>
}

export const [agentsKey, useAgents] = storeKey<Agents>('agents')

/** `me` follows what is read of the agent who is signed in. */
export function createAgents(client: Pick<Client, 'agents'>, me: AgentView): Agents {
  const agents = ref<AgentView[]>([])
  return {
    agents,
    async read() {
      agents.value = await client.agents()
      const mine = agents.value.find(({ id }) => id === me.id)
      if (mine) Object.assign(me, mine)
    },
  }
}
