import type { OutgoingMessage } from '../wechat/index.js'

/** Who carries messages to customers: `Api` sends at once, an outbox sends for certain. */
export interface Sender {
  send(openId: string, message: OutgoingMessage): Promise<void>
  setTyping(openId: string, on: boolean): Promise<void>
}
