import type { AgentView, Presence } from '../api/views.js'
import type { MessageKey } from '../locales/i18n.js'

export const presences: readonly Presence[] = ['online', 'busy', 'offline']

export const presenceLabel: Readonly<Record<Presence, MessageKey>> = {
  online: 'presence.online',
  busy: 'presence.busy',
  offline: 'presence.offline',
}

/** What a colleague is: as they chose, while a page of theirs is open. */
export function presenceOf({ status, online }: Pick<AgentView, 'status' | 'online'>): Presence {
  return online ? status : 'offline'
}
