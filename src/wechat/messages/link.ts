import { description, title, webAddress } from './fields.js'
import { messageType } from './message-type.js'

/** A card that opens a web page. */
export const link = messageType({
  msgType: 'link',
  fields: {
    title: title({ zh: '标题', en: 'Title' }),
    description: description({ zh: '描述', en: 'Description' }),
    url: webAddress('url', true, { zh: '链接地址', en: 'Address of the link' }),
    /** A JPG or PNG on the web. */
    thumbUrl: webAddress('thumb_url', false, { zh: '封面图片地址', en: 'Address of the picture' }),
  },
  headline: 'title',
  picture: null,
  isBare: false,
  noun: 'a link',
  push: null,
  refusal: (field) =>
    field('title') === '' || field('url') === ''
      ? { errcode: 40097, hint: 'link needs title and url' }
      : undefined,
  onPhone: (message) => ({
    title: message.title,
    description: message.description,
    url: message.url,
    thumbUrl: message.thumbUrl,
  }),
  words: {
    name: { zh: '图文链接', en: 'Link' },
    glance: { zh: '[图文链接]', en: '[Link]' },
    phoneGlance: { zh: '[链接]', en: '[Link]' },
    reply: { zh: '回复图文链接', en: 'Reply with a link' },
  },
})
