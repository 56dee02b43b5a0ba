import type { Store } from '../store/index.js'
import type { AgentDirectory } from './agent-directory.js'
import { mayUse } from '../http/principal.js'
import { agentOf } from '../people/agent-rows.js'

/** The people at this desk, as the rest of it asks about them. */
export function colleagues(store: Store): AgentDirectory {
  return {
    async namesOf(agentIds) {
      if (agentIds.length === 0) return new Map()
      const rows = await store.db
        .selectFrom('agent')
        .select(['id', 'name'])
        .where('id', 'in', [...agentIds])
        .execute()
      return new Map(rows.map(({ id, name }) => [id, name]))
    },
    async mayHave(agentId, appId) {
      const row = await store.db
        .selectFrom('agent')
        .selectAll()
        .where('id', '=', agentId)
        .where('disabled', '=', 0)
        .where('name_key', 'is not', null)
        .executeTakeFirst()
      return row !== undefined && mayUse(agentOf(row), appId)
    },
  }
}
