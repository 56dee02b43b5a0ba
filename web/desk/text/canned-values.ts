import type { ConversationView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { contactName } from './contact-name.js'

/** What the variables of a canned reply stand for in a conversation, by their Chinese and English names. */
export function cannedValues(
  conversation: ConversationView,
  { agent, appName }: { agent: string; appName: string },
  t: Translate,
): Record<string, string> {
  const customer = contactName(conversation, t)
  return { 客户: customer, 客服: agent, 小程序: appName, customer, name: customer, agent, app: appName }
}
