import { mediaId, title } from './fields.js'
import { messageType } from './message-type.js'

/** A card that opens a page of the same Mini Program. */
export const miniprogrampage = messageType({
  msgType: 'miniprogrampage',
  fields: {
    title: title({ zh: '标题', en: 'Title' }),
    /** As in app.json, with a query if wanted: `pages/order/detail?id=1`. */
    pagePath: {
      wire: 'pagepath',
      kind: 'page',
      maxCharacters: 1000,
      mayBeEmpty: false,
      takesPlaceholders: true,
      be: 'a page as in app.json, such as "pages/order/detail?id=1"',
      example: 'pages/…',
      label: { zh: '页面路径', en: 'Page path' },
    },
    /** A media id of type image, 520 × 416 is best. */
    thumbMediaId: mediaId('thumb_media_id', { zh: '图片的 media_id', en: 'media_id of the picture' }),
  },
  headline: 'title',
  picture: 'thumbMediaId',
  isBare: false,
  noun: 'a card',
  push: {
    msgId: 'MsgId',
    title: 'Title',
    appId: 'AppId',
    pagePath: 'PagePath',
    thumbUrl: 'ThumbUrl',
    thumbMediaId: 'ThumbMediaId',
  },
  refusal(field, appId) {
    if (field('pagepath') === '') return { errcode: 40097, hint: 'miniprogrampage needs pagepath' }
    // A Mini Program can send only its own pages; whether WeChat minds its own appid here is not known.
    return field('appid') !== '' && field('appid') !== appId ? { errcode: 40013 } : undefined
  },
  onPhone: (message, pictureOf, appId) => ({
    title: message.title,
    pagePath: message.pagePath,
    appId,
    thumbUrl: pictureOf(message.thumbMediaId),
  }),
  words: {
    name: { zh: '小程序卡片', en: 'Mini Program card' },
    glance: { zh: '[小程序卡片]', en: '[Mini Program]' },
    phoneGlance: { zh: '[小程序]', en: '[Mini Program]' },
    reply: { zh: '回复小程序卡片', en: 'Reply with a card' },
  },
})
