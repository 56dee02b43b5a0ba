import { messageProblems, type MessageProblem } from '../../../src/protocol/reasons.js'
import type { MessageView } from '../api/views.js'
import type { MessageKey, Translate } from '../locales/i18n.js'

/** What an agent can do about a message that WeChat refused. */
export type Help = 'retry' | 'edit' | 'none'

interface Row {
  key: MessageKey
  help: Help
}

/** desk.md §9: WeChat's codes in words, and what to do. */
const rows: Readonly<Record<number, Row>> = {
  45015: { key: 'errcode.45015', help: 'none' },
  45047: { key: 'errcode.45047', help: 'none' },
  40003: { key: 'errcode.40003', help: 'none' },
  40001: { key: 'errcode.token', help: 'retry' },
  42001: { key: 'errcode.token', help: 'retry' },
  40014: { key: 'errcode.token', help: 'retry' },
  40164: { key: 'errcode.40164', help: 'retry' },
  48001: { key: 'errcode.48001', help: 'retry' },
  45009: { key: 'errcode.45009', help: 'retry' },
  45002: { key: 'errcode.45002', help: 'edit' },
  40007: { key: 'errcode.media', help: 'edit' },
  40004: { key: 'errcode.media', help: 'edit' },
  45162: { key: 'errcode.45162', help: 'none' },
  87014: { key: 'errcode.87014', help: 'edit' },
  70000: { key: 'errcode.70000', help: 'none' },
  [-1]: { key: 'errcode.busy', help: 'retry' },
}

/** The service's own words for what went wrong, where WeChat said nothing. */
const own: Readonly<Record<MessageProblem, MessageKey>> = {
  taken_over: 'sent.cancelledTaken',
  window_expired: 'sent.cancelledWindow',
  count_used: 'sent.cancelledCount',
  interrupted: 'sent.interrupted',
  'network:no': 'errcode.network',
  'network:unknown': 'sent.networkUnknown',
  error: 'sent.errorInside',
}

/** The words for a problem that is the service's own; undefined for one of WeChat's, or none. */
export function ownProblem(problem: string | null): MessageKey | undefined {
  const known = messageProblems.find((each) => each === problem)
  return known && own[known]
}

/** Why a message was not sent, and what helps; `ours` when the code is not one of the table. */
export function sendProblem(
  message: MessageView,
  t: Translate,
): { text: string; help: Help; isUnlisted: boolean } {
  const { errcode, problem } = message
  if (errcode === null)
    return {
      text: t(ownProblem(problem) ?? (problem === null ? 'sent.failedPlain' : 'errcode.network')),
      help: 'retry',
      isUnlisted: false,
    }
  const row = rows[errcode]
  if (row) return { text: t(row.key, { ip: addressIn(problem) }), help: row.help, isUnlisted: false }
  return { text: t('errcode.other', { errcode, errmsg: problem ?? '' }), help: 'retry', isUnlisted: true }
}

/** The server's own address, as WeChat's errmsg of 40164 has it. */
function addressIn(problem: string | null): string {
  return /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(problem ?? '')?.[0] ?? 'IP'
}
