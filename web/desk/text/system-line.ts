import type { MessageView } from '../api/views.js'
import type { MessageKey, Translate } from '../locales/i18n.js'
import { isBareEntry, readSessionFrom } from './session-from.js'

/** Why the bot gave a conversation to people, where the reason is one of ours and not an operator's word. */
const reasons: Readonly<Record<string, MessageKey>> = {
  unanswered: 'handoff.unanswered',
  transfer_late: 'handoff.transferLate',
  failed: 'handoff.failed',
}

const lines: Readonly<Record<string, MessageKey>> = {
  take: 'line.take',
  release: 'line.release',
  assign: 'line.assign',
  close: 'line.close',
  reopen: 'line.reopen',
  abandon: 'line.abandon',
  transferred: 'line.transferred',
}

/** What happened, in words. */
export function systemWords(message: MessageView, t: Translate): string {
  const who = message.authorName ?? t(message.agentId === null ? 'speaker.api' : 'speaker.system')
  switch (message.line) {
    case 'handoff': {
      const key = reasons[message.reason ?? '']
      if (key) return t(key)
      return message.reason ? t('handoff.reason', { reason: message.reason }) : t('handoff.plain')
    }
    case 'entered': {
      const from = message.sessionFrom ?? ''
      return isBareEntry(from)
        ? t('line.entered')
        : t('line.enteredFrom', { source: readSessionFrom(from).short })
    }
    default: {
      const key = lines[message.line ?? '']
      if (!key) return t('line.other', { line: message.line ?? '' })
      return t(key, { who, to: message.toName ?? t('speaker.colleague') })
    }
  }
}
