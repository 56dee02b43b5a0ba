import type { Sender } from '../../src/bot/index.js'
import type { OutgoingMessage } from '../../src/wechat/index.js'

/** A Sender that delivers into a list. */
export class RecordingSender implements Sender {
  readonly sent: { openId: string; message: OutgoingMessage }[] = []
  readonly typing: { openId: string; on: boolean }[] = []

  async send(openId: string, message: OutgoingMessage): Promise<void> {
    this.sent.push({ openId, message })
  }

  async setTyping(openId: string, on: boolean): Promise<void> {
    this.typing.push({ openId, on })
  }

  /** What was said, texts only. */
  get texts(): string[] {
    return this.sent.flatMap(({ message }) => (message.msgType === 'text' ? [message.content] : []))
  }
}
