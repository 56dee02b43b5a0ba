import type { Component } from 'vue'
import type { OutgoingType } from '../../../src/wechat/messages/index.js'
import LinkCard from './LinkCard.vue'
import MiniProgramCard from './MiniProgramCard.vue'
import PictureMessage from './PictureMessage.vue'
import TextBubble from './TextBubble.vue'

/** The component of the chat for each type of message, with the props `content` and `sender`. The compiler asks for that of a new one. */
export const messageParts: Readonly<Record<OutgoingType, Component>> = {
  text: TextBubble,
  image: PictureMessage,
  link: LinkCard,
  miniprogrampage: MiniProgramCard,
}
