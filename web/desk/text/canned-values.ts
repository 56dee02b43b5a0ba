import type { ConversationView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { contactName } from './contact-name.js'
import { readSessionFrom } from './session-from.js'

/** What the placeholders of a canned reply stand for in a conversation. */
export function cannedValues(
  conversation: ConversationView,
  { agent, appName }: { agent: string; appName: string },
  t: Translate,
): Record<string, string> {
  return {
    'contact.name': contactName(conversation, t),
    'agent.name': agent,
    'app.name': appName,
    sessionFrom: readSessionFrom(conversation.contact.sessionFrom ?? '').short,
  }
}
