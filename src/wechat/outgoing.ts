import { toBody } from './messages/content.js'
import type { OutgoingMessage, OutgoingOf } from './messages/index.js'

export type { OutgoingMessage, OutgoingOf } from './messages/index.js'
export type OutgoingText = OutgoingOf<'text'>
export type OutgoingImage = OutgoingOf<'image'>
export type OutgoingLink = OutgoingOf<'link'>
export type OutgoingMiniProgramPage = OutgoingOf<'miniprogrampage'>

/** The body of /cgi-bin/message/custom/send, as an object. */
export function sendBody(openId: string, message: OutgoingMessage): Record<string, unknown> {
  return {
    touser: openId,
    msgtype: message.msgType,
    [message.msgType]: toBody(message),
    ...(message.isAiMsg ? { aimsgcontext: { is_ai_msg: 1 } } : {}),
  }
}

/**
 * A link inside a text that opens a page of the Mini Program. `appId` must be the sending Mini Program's own;
 * `href` is where very old clients go. WeChat is not known to decode HTML entities, so none are written: in a
 * path or address `"`, `<` and `>` become %-escapes, in the text `<` and `>` become their full-width forms.
 */
export function miniProgramLink(link: { appId: string; path: string; text: string; href?: string }): string {
  const href = link.href ?? 'https://developers.weixin.qq.com/miniprogram/'
  const text = link.text.replaceAll('<', '＜').replaceAll('>', '＞')
  return (
    `<a href="${attribute(href)}" data-miniprogram-appid="${attribute(link.appId)}" ` +
    `data-miniprogram-path="${attribute(link.path)}">${text}</a>`
  )
}

function attribute(value: string): string {
  return value.replace(/["<>]/g, encodeURIComponent)
}
