import type { z } from 'zod'
import type { ConversationFilter } from '../conversation/index.js'
import { HttpError } from '../http/http-error.js'
import type { Principal } from '../http/principal.js'
import type { conversationsQuery } from './schemas/conversation-input.js'

/** Returns which conversations a query asks for. Throws HttpError (400) where it contradicts itself. */
export function filterOf(
  query: z.output<typeof conversationsQuery>,
  principal: Principal,
): ConversationFilter {
  const { status: statuses, agent, app: appId, tag, source: sessionFrom, failed, expiring } = query
  const { sourceKey: key, sourceValue: value } = query
  if (key === undefined && value !== undefined)
    throw new HttpError('bad_request', 'sourceValue: must be beside the sourceKey of the field that says it')
  if (agent === 'me' && principal.kind === 'program')
    throw new HttpError('bad_request', 'agent: must be an agent’s id or none; a program is no agent')
  const agentId =
    agent === undefined
      ? undefined
      : agent === 'none'
        ? null
        : agent === 'me'
          ? principal.kind === 'agent'
            ? principal.id
            : null
          : Number(agent)
  return {
    apps: principal.apps,
    statuses,
    agentId,
    appId,
    tag,
    sessionFrom,
    sessionField: key === undefined ? undefined : { key, value },
    failed,
    expiresWithinHours: expiring,
    search: query.q,
  }
}
