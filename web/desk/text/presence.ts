import type { Presence } from '../api/views.js'
import type { MessageKey } from '../locales/i18n.js'

export const presences: readonly Presence[] = ['online', 'busy', 'offline']

export const presenceLabel: Readonly<Record<Presence, MessageKey>> = {
  online: 'presence.online',
  busy: 'presence.busy',
  offline: 'presence.offline',
}
