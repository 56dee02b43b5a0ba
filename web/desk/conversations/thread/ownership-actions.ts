import type { ConversationView } from '../../api/views.js'
import type { MessageKey } from '../../locales/i18n.js'

export interface OwnershipAction {
  name: 'take' | 'close' | 'release' | 'assign' | 'reopen'
  label: MessageKey
  key: string
  isPrimary: boolean
}

const action = (
  name: OwnershipAction['name'],
  label: MessageKey,
  key: string,
  isPrimary = false,
): OwnershipAction => ({ name, label, key, isPrimary })

/** What an agent can do about who has a conversation (desk.md §4). */
export function ownershipActions(
  { status, agent }: Pick<ConversationView, 'status' | 'agent'>,
  meId: number,
): OwnershipAction[] {
  switch (status) {
    case 'bot':
      return [action('assign', 'action.assign', 'A'), action('take', 'action.takeOver', 'T', true)]
    case 'waiting':
      return [
        action('assign', 'action.assign', 'A'),
        action('release', 'action.release', 'B'),
        action('close', 'action.close', 'E'),
        action('take', 'action.take', 'T', true),
      ]
    case 'assigned':
      return agent?.id === meId
        ? [
            action('assign', 'action.assign', 'A'),
            action('release', 'action.release', 'B'),
            action('close', 'action.close', 'E', true),
          ]
        : [action('take', 'action.takeOver', 'T', true)]
    case 'closed':
      return [action('reopen', 'action.reopen', '', true)]
  }
}
