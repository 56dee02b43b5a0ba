import { Allowance } from './allowance.js'
import type { EmulatedApp } from './app.js'
import type { PhoneMessage, UserView } from './protocol.js'
import { Typing } from './typing.js'

/** Messages that a phone keeps at most. */
const maxMessages = 1000

/** One customer of one app, as WeChat knows them. */
export class User {
  readonly app: EmulatedApp
  readonly openId: string
  readonly allowance = new Allowance()
  readonly typing = new Typing()
  /** Whether they ever entered or wrote: only then is their OpenID valid for sending. */
  known = false
  /** Until when WeChat's own agents have the conversation; 0 when they have not. */
  officialUntil = 0
  #messages: PhoneMessage[] = []

  constructor(app: EmulatedApp, openId: string) {
    this.app = app
    this.openId = openId
  }

  /** The phone's messages, oldest first. */
  get messages(): readonly PhoneMessage[] {
    return this.#messages
  }

  addMessage(message: PhoneMessage): void {
    this.#messages.push(message)
    if (this.#messages.length > maxMessages) this.#messages = this.#messages.slice(-maxMessages)
  }

  view(now: number): UserView {
    return {
      appId: this.app.appId,
      openId: this.openId,
      allowance: this.allowance.view(now),
      typingUntil: this.typing.until(now),
      officialUntil: this.officialUntil === 0 ? null : this.officialUntil,
    }
  }
}
