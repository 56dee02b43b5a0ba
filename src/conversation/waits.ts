import { sql } from 'kysely'
import type { Tx } from '../store/index.js'

/** A customer's wait that a person ends now. */
export interface EndedWait {
  readonly conversationId: number
  readonly appId: string
  readonly agentId: number
  readonly since: number
}

/** Notes that somebody has now who waited for anyone: what reports are made from. */
export async function noteTaken(tx: Tx, wait: EndedWait, now: number): Promise<void> {
  await tx
    .insertInto('wait')
    .values({
      conversation_id: wait.conversationId,
      app_id: wait.appId,
      agent_id: wait.agentId,
      ended_by: 'take',
      since: wait.since,
      at: now,
    })
    .execute()
}

/** Notes that an agent answered: their first reply since they have the conversation, or a later one. */
export async function noteAnswered(tx: Tx, wait: EndedWait, now: number): Promise<void> {
  await sql`
    insert into wait (conversation_id, app_id, agent_id, ended_by, since, at)
    select c.id, ${wait.appId}, ${wait.agentId},
      case when exists (select 1 from wait w where w.conversation_id = c.id and w.ended_by = 'first'
        and w.at >= coalesce(c.assigned_at, 0)) then 'reply' else 'first' end,
      ${wait.since}, ${now}
    from conversation c where c.id = ${wait.conversationId}`.execute(tx)
}
