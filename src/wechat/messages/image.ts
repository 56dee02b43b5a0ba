import { mediaId } from './fields.js'
import { messageType } from './message-type.js'

export const image = messageType({
  msgType: 'image',
  fields: {
    /** From Api.uploadTempMedia, good for three days. */
    mediaId: mediaId('media_id', { zh: '图片的 media_id', en: 'media_id of the picture' }),
  },
  headline: null,
  picture: 'mediaId',
  isBare: false,
  noun: 'an image',
  push: {
    /** WeChat's link to the picture, temporary. Not to be fetched as it is: use `mediaId`. */
    picUrl: 'PicUrl',
    mediaId: 'MediaId',
    msgId: 'MsgId',
  },
  refusal: () => undefined,
  onPhone: (message, pictureOf) => ({ mediaId: message.mediaId, url: pictureOf(message.mediaId) }),
  words: {
    name: { zh: '图片', en: 'Picture' },
    glance: { zh: '[图片]', en: '[Picture]' },
    phoneGlance: { zh: '[图片]', en: '[Picture]' },
    reply: { zh: '回复图片', en: 'Reply with a picture' },
  },
})
