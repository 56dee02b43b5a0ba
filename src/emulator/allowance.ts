import { limits } from '../wechat/index.js'

export type AllowanceTrigger = 'message' | 'enter'

const triggers = { message: limits.allowanceAfterMessage, enter: limits.allowanceAfterEnter }

/**
 * How many messages WeChat still accepts for one customer, and until when. Triggers do not add up: each raises
 * the count to its own maximum and the deadline to the later one.
 * Source: /miniprogram/introduction/custom
 */
export class Allowance {
  #remaining = 0
  #expiresAt = 0

  trigger(trigger: AllowanceTrigger, now: number): void {
    const { messages, seconds } = triggers[trigger]
    this.#remaining = Math.max(this.view(now).remaining, messages)
    this.#expiresAt = Math.max(this.#expiresAt, now + seconds * 1000)
  }

  /** The errcode that a message would get now, 0 when it would be accepted. */
  check(now: number): 0 | 45015 | 45047 {
    if (!this.open(now)) return 45015
    return this.#remaining > 0 ? 0 : 45047
  }

  /** Whether the time to reply has not passed, however many messages are left. */
  open(now: number): boolean {
    return now < this.#expiresAt
  }

  spend(): void {
    this.#remaining -= 1
  }

  view(now: number): { remaining: number; expiresAt: number } {
    return { remaining: this.open(now) ? this.#remaining : 0, expiresAt: this.#expiresAt }
  }
}
