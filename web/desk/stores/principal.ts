import { reactive, ref, type Ref } from 'vue'
import type { Client } from '../api/client.js'
import type { AgentView, ConversationView, Presence } from '../api/views.js'
import type { Problems } from './problems.js'
import { storeKey } from './store-key.js'

/** The agent who is signed in. */
export interface Principal {
  me: AgentView
  isMine: (view: ConversationView) => boolean
  setStatus: (status: Presence) => Promise<void>
  /** Whether it is being asked if what can't be kept may go. */
  leaving: Ref<boolean>
  /** Asks first where something would be lost, unless that `isSure`. */
  signOut: (isSure?: boolean) => Promise<void>
}

export const [principalKey, usePrincipal] = storeKey<Principal>('principal')

export interface PrincipalOptions {
  agent: AgentView
  client: Pick<Client, 'setStatus' | 'signOut'>
  run: Problems['run']
  /** Whether something is written that can't be kept. */
  wouldLose: () => boolean
  /** Called when the agent has signed out. */
  onSignedOut: () => void
}

export function createPrincipal(options: PrincipalOptions): Principal {
  const { agent, client, run, wouldLose, onSignedOut } = options
  const me = reactive({ ...agent })
  const leaving = ref(false)
  return {
    me,
    isMine: (view) => isOf(view, me.id),
    async setStatus(status) {
      const before = me.status
      me.status = status
      if (!(await run(() => client.setStatus(status)))) me.status = before
    },
    leaving,
    async signOut(isSure = false) {
      leaving.value = !isSure && wouldLose()
      if (leaving.value) return
      if (await run(() => client.signOut())) onSignedOut()
    },
  }
}

/** Whether a conversation is the agent's. */
export function isOf(view: ConversationView, agentId: number): boolean {
  return view.status === 'assigned' && view.agent?.id === agentId
}
