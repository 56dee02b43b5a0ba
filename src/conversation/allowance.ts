import { limits } from '../wechat/index.js'
import type { MessageState } from './message-state.js'

/** How many messages WeChat allows, as configured: the platform's numbers unless someone knows better. */
export interface AllowanceRules {
  /** In 48 h after a customer's message. */
  readonly afterMessage: number
  /** In one minute after a customer entered. */
  readonly afterEnter: number
  /** How many of those after a message only people may use. */
  readonly humanReserve: number
}

export const defaultAllowanceRules: AllowanceRules = {
  afterMessage: limits.allowanceAfterMessage.messages,
  afterEnter: limits.allowanceAfterEnter.messages,
  humanReserve: 2,
}

/** The causes of the allowance: the customer's last message and last entry. */
export interface Triggers {
  /** WeChat's CreateTime in seconds, which its own clock counts from. */
  readonly messageSeconds: number | null
  /** When it reached us, in milliseconds, to tell which sends came after it. */
  readonly messageReceivedAt: number | null
  readonly enterSeconds: number | null
  readonly enterReceivedAt: number | null
  /** WeChat has said since that the count (45047) or the time (45015) is used up. */
  readonly corrected: 'count' | 'window' | null
}

/** An outgoing message, as far as it costs. */
export interface OutgoingCost {
  readonly state: MessageState
  /** When it left, in milliseconds; null while it has not. */
  readonly sentAt: number | null
}

export interface Allowance {
  /** Messages that WeChat should still accept: an estimate, which 45015 and 45047 correct. */
  readonly remaining: number
  /** Until when, in milliseconds since 1970; null when there is nothing left to expire. */
  readonly expiresAt: number | null
  readonly source: 'message' | 'enter' | 'none'
  /** Whether WeChat has contradicted the estimate since the customer's last sign. */
  readonly corrected: boolean
}

/**
 * Returns the messages that WeChat still allows: each trigger's maximum minus what was sent since, or is about to be. The two are not
 * cumulative: the larger counts.
 * Source: https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/send
 */
export function allowanceOf(
  triggers: Triggers,
  spendings: readonly OutgoingCost[],
  rules: AllowanceRules,
  now: number,
): Allowance {
  if (triggers.corrected !== null) return { ...none, corrected: true }
  const afterMessage = window(triggers.messageSeconds, limits.allowanceAfterMessage.seconds, now)
  const afterEnter = window(triggers.enterSeconds, limits.allowanceAfterEnter.seconds, now)
  const byMessage = afterMessage
    ? rules.afterMessage -
      spentSince(countsFrom(triggers.messageSeconds, triggers.messageReceivedAt), spendings)
    : -1
  const byEnter = afterEnter
    ? rules.afterEnter - spentSince(countsFrom(triggers.enterSeconds, triggers.enterReceivedAt), spendings)
    : -1
  if (afterMessage && byMessage >= byEnter)
    return { remaining: Math.max(byMessage, 0), expiresAt: afterMessage, source: 'message', corrected: false }
  if (afterEnter)
    return { remaining: Math.max(byEnter, 0), expiresAt: afterEnter, source: 'enter', corrected: false }
  return none
}

/** How many of an allowance a bot may use: it leaves people their reserve of what a message gave. */
export function forBots(allowance: Allowance, rules: AllowanceRules): number {
  return Math.max(allowance.remaining - (allowance.source === 'message' ? rules.humanReserve : 0), 0)
}

/**
 * Why WeChat would refuse any message now, however few were sent: its time is over, or WeChat has said that the
 * count is used up; undefined when it should not.
 */
export function closedWindow(triggers: Triggers, now: number): 'window_expired' | 'count_used' | undefined {
  const { corrected, messageSeconds, enterSeconds } = triggers
  if (corrected !== null) return corrected === 'count' ? 'count_used' : 'window_expired'
  const open =
    window(messageSeconds, limits.allowanceAfterMessage.seconds, now) ??
    window(enterSeconds, limits.allowanceAfterEnter.seconds, now)
  return open === undefined ? 'window_expired' : undefined
}

/** WeChat's CreateTime is in whole seconds, and a push takes a moment. */
const PROMPT_MS = 1500

/** WeChat's last attempt has ended by then: what seems later still was not late, our clock is ahead of WeChat's. */
const LAST_ATTEMPT_MS = limits.pushAttempts * limits.pushTimeoutSeconds * 1000 + 5000

/**
 * Whether a sign reached us so late, because we were away or WeChat had to try again, that replies to earlier ones
 * may have left after it.
 */
export function cameLate(createSeconds: number, receivedAt: number): boolean {
  const late = receivedAt - createSeconds * 1000
  return late >= PROMPT_MS && late <= LAST_ATTEMPT_MS
}

/** When the customer's last sign reached us, in milliseconds; 0 where there was none. */
export function lastSignAt({ messageReceivedAt, enterReceivedAt }: Triggers): number {
  return Math.max(messageReceivedAt ?? 0, enterReceivedAt ?? 0)
}

/**
 * When a sign is taken to have reached us: after all that was sent before it. Where our clock was put back meanwhile,
 * what it shows is earlier than what it showed then.
 */
export function signedAt(receivedAt: number, before: Triggers, costs: readonly OutgoingCost[]): number {
  const last = lastSignAt(before)
  if (receivedAt >= last) return receivedAt
  return Math.max(last, ...costs.map(({ sentAt }) => sentAt ?? 0)) + 1
}

/** Since when WeChat counts what is sent against a sign: since its CreateTime, as near as its seconds tell. */
function countsFrom(createSeconds: number | null, receivedAt: number | null): number | null {
  if (createSeconds === null || receivedAt === null) return null
  return cameLate(createSeconds, receivedAt) ? createSeconds * 1000 : receivedAt
}

const none: Allowance = { remaining: 0, expiresAt: null, source: 'none', corrected: false }

/** The end of a window that is open now, in milliseconds. */
function window(startSeconds: number | null, lengthSeconds: number, now: number): number | undefined {
  if (startSeconds === null) return undefined
  const end = (startSeconds + lengthSeconds) * 1000
  return now < end ? end : undefined
}

function spentSince(from: number | null, spendings: readonly OutgoingCost[]): number {
  return spendings.filter(({ state, sentAt }) => {
    switch (state) {
      case 'queued':
      case 'sending':
        return true
      case 'accepted':
      case 'unknown':
        return sentAt !== null && from !== null && sentAt >= from
      case 'failed':
      case 'cancelled':
        return false
    }
  }).length
}
