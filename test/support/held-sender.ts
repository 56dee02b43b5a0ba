import type { Sender } from '../../src/bot/index.js'
import type { OutgoingMessage } from '../../src/wechat/index.js'
import { gate } from './gate.js'

/** A request to WeChat, which the test answers. */
export interface HeldRequest {
  readonly openId: string
  readonly text: string
  answer(error?: Error): void
}

/** A Sender whose requests wait until the test answers them. */
export class HeldSender implements Sender {
  readonly requests: HeldRequest[] = []
  /** How requests are answered that the test does not answer itself. */
  byItself: ((text: string) => Error | undefined) | undefined

  async send(openId: string, message: OutgoingMessage): Promise<void> {
    const text = message.msgType === 'text' ? message.content : ''
    const answered = gate<Error | undefined>()
    this.requests.push({ openId, text, answer: (error) => answered.open(error) })
    if (this.byItself) answered.open(this.byItself(text))
    const error = await answered.opened
    if (error) throw error
  }

  async setTyping(): Promise<void> {
    throw new Error('nothing is typed')
  }

  get texts(): string[] {
    return this.requests.map(({ text }) => text)
  }
}
