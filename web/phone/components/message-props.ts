import type { OutgoingType, ShownOf } from '../../../src/wechat/messages/index.js'

/** Props of a component that shows the content of a message in the chat. */
export interface ShownProps<T extends OutgoingType> {
  content: ShownOf<T>
  /** Whether the customer of this phone wrote it. */
  isOwn: boolean
  /** The name of who wrote it. */
  sender: string
}
