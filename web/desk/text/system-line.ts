import {
  abandonReasons,
  closeReasons,
  handoffReasons,
  type AbandonReason,
  type CloseReason,
  type HandoffReason,
} from '../../../src/protocol/reasons.js'
import type { MessageView } from '../api/views.js'
import type { MessageKey, Translate } from '../locales/i18n.js'
import { isBareEntry, readSessionFrom } from './session-from.js'

/** Why the bot gave a conversation to people, where the reason is one of ours and not an operator's word. */
const handoffs: Readonly<Record<HandoffReason, MessageKey>> = {
  unanswered: 'handoff.unanswered',
  by_rule: 'handoff.byRule',
  handler_failed: 'handoff.failed',
  allowance: 'handoff.allowance',
  transfer_late: 'handoff.transferLate',
  unreadable: 'handoff.unreadable',
  rules_too_long: 'handoff.rulesTooLong',
  business: 'handoff.business',
  no_entry: 'handoff.noEntry',
  not_known: 'handoff.notKnown',
  asks_person: 'handoff.asksPerson',
  angry: 'handoff.angry',
  needs_action: 'handoff.needsAction',
  unsafe: 'handoff.unsafe',
  not_helpful: 'handoff.notHelpful',
  topic: 'handoff.topic',
  not_text: 'handoff.notText',
  assistant_failed: 'handoff.assistantFailed',
  assistant_limit: 'handoff.assistantLimit',
  assistant_off: 'handoff.assistantOff',
}
const abandons: Readonly<Record<AbandonReason, MessageKey>> = {
  left: 'abandon.left',
  absent: 'abandon.absent',
  idle: 'abandon.idle',
}
const closes: Readonly<Record<CloseReason, MessageKey>> = { old: 'close.old' }

/** The words for a reason, where it is one of the service's own. */
function ownWords<Reason extends string>(
  reasons: readonly Reason[],
  words: Readonly<Record<Reason, MessageKey>>,
  reason: string | undefined,
): MessageKey | undefined {
  const own = reasons.find((each) => each === reason)
  return own && words[own]
}

const lines: Readonly<Record<string, MessageKey>> = {
  take: 'line.take',
  release: 'line.release',
  assign: 'line.assign',
  close: 'line.close',
  reopen: 'line.reopen',
  abandon: 'line.abandon',
  undo: 'line.undo',
  transferred: 'line.transferred',
}

/** What happened, in words. */
export function systemWords(message: MessageView, t: Translate): string {
  const who = message.authorName ?? t(message.agentId === null ? 'speaker.api' : 'speaker.system')
  switch (message.line) {
    case 'handoff': {
      const key = ownWords(handoffReasons, handoffs, message.reason)
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
      const why =
        message.line === 'abandon'
          ? ownWords(abandonReasons, abandons, message.reason)
          : message.line === 'close'
            ? ownWords(closeReasons, closes, message.reason)
            : undefined
      const key = why ?? (Object.hasOwn(lines, message.line ?? '') ? lines[message.line ?? ''] : undefined)
      if (!key) return t('line.other', { line: message.line ?? '' })
      return t(key, { who, to: message.toName ?? t('speaker.colleague') })
    }
  }
}
