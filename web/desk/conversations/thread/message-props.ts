import type { MessageView } from '../../api/views.js'
import type { Pending } from '../composer/machine/pending.js'

/** Props of a component that shows a message which the service has. */
export interface ContentProps {
  message: MessageView
  /** The Mini Program of the conversation. */
  appId: string
}

/** Props of a component that shows a message on its way to the service. */
export interface PendingProps {
  pending: Pending
  /** The Mini Program of the conversation. */
  appId: string
}
