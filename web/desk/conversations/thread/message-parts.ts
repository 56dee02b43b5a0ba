import type { Component } from 'vue'
import type { OutgoingType } from '../../../../src/wechat/messages/index.js'
import CardContent from './CardContent.vue'
import ImageContent from './ImageContent.vue'
import LinkContent from './LinkContent.vue'
import PendingCard from './PendingCard.vue'
import PendingLink from './PendingLink.vue'
import PendingPicture from './PendingPicture.vue'
import PendingText from './PendingText.vue'
import TextContent from './TextContent.vue'
import type { ContentProps, PendingProps } from './message-props.js'

/** The components of the thread that show messages of one type. */
export interface MessageParts {
  readonly content: Component<ContentProps>
  readonly pending: Component<PendingProps>
  /** Whether the content stands in a bubble; if not, it has a frame of its own. */
  readonly inBubble: boolean
}

/** The thread's components for each type of message. The compiler asks for those of a new one. */
export const messageParts: Readonly<Record<OutgoingType, MessageParts>> = {
  text: { content: TextContent, pending: PendingText, inBubble: true },
  image: { content: ImageContent, pending: PendingPicture, inBubble: false },
  link: { content: LinkContent, pending: PendingLink, inBubble: false },
  miniprogrampage: { content: CardContent, pending: PendingCard, inBubble: false },
}

/** The same by the word that the service has for a type; undefined for one that kefu does not know. */
export function partsOf(msgType: string): MessageParts | undefined {
  return new Map<string, MessageParts>(Object.entries(messageParts)).get(msgType)
}
