import { limits } from '../limits.js'
import { utf8Bytes } from '../text.js'
import { messageType } from './message-type.js'

export const text = messageType({
  msgType: 'text',
  fields: {
    /** At most 2048 bytes of UTF-8 (see splitText); line breaks are `\n`; see also miniProgramLink. */
    content: {
      wire: 'content',
      kind: 'text',
      // Where a rule writes it, which may send it in parts; of one message limits.textBytes.
      maxCharacters: 10_240,
      mayBeEmpty: false,
      takesPlaceholders: true,
      be: 'a text',
      example: '…',
      label: { zh: '回复内容', en: 'Text of the reply' },
    },
  },
  headline: 'content',
  picture: null,
  isBare: true,
  noun: 'a text',
  push: { content: 'Content', msgId: 'MsgId' },
  refusal(field) {
    if (field('content') === '') return { errcode: 44004 }
    return utf8Bytes(field('content')) > limits.textBytes ? { errcode: 45002 } : undefined
  },
  onPhone: ({ content }) => ({ content }),
  words: {
    name: { zh: '文本', en: 'Text' },
    glance: { zh: '[文本]', en: '[Text]' },
    phoneGlance: { zh: '[文本]', en: '[Text]' },
    reply: { zh: '回复文本', en: 'Reply with a text' },
  },
})
