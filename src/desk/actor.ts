import type { Actor } from '../conversation/index.js'
import type { Principal } from '../http/principal.js'

/** Who gives a command. */
export function actorOf(principal: Principal): Actor {
  return principal.kind === 'agent'
    ? { agentId: principal.id, admin: principal.role === 'admin' }
    : { agentId: null }
}
