import { limits } from '../wechat/index.js'

/**
 * The customer's view of the service's "typing": 15 s long, only soon after the customer did something, not
 * while it shows already, ended by a message.
 * Source: /miniprogram/dev/framework/open-ability/customer-message/typing
 */
export class Typing {
  #interactedAt = -Infinity
  #until = -Infinity

  interacted(now: number): void {
    this.#interactedAt = now
  }

  /** Shows it; returns the errcode that WeChat would give, 0 when it shows. */
  start(now: number): 0 | 45080 | 45081 {
    if (now - this.#interactedAt >= limits.typingAfterInteractionSeconds * 1000) return 45080
    if (now < this.#until) return 45081
    this.#until = now + limits.typingSeconds * 1000
    return 0
  }

  stop(): void {
    this.#until = -Infinity
  }

  /** Until when it shows; null when it does not. */
  until(now: number): number | null {
    return now < this.#until ? this.#until : null
  }
}
