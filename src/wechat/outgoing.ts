import { limits } from './limits.js'

/**
 * The messages that a Mini Program can send.
 * Source: https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage
 */
export type OutgoingMessage = OutgoingText | OutgoingImage | OutgoingLink | OutgoingMiniProgramPage

interface Common {
  /** Puts WeChat's grey line 「内容由第三方AI生成」 under the message. */
  readonly isAiMsg?: boolean
}

export interface OutgoingText extends Common {
  readonly msgType: 'text'
  /** At most 2048 bytes of UTF-8 (see splitText); line breaks are `\n`; see also miniProgramLink. */
  readonly content: string
}

export interface OutgoingImage extends Common {
  readonly msgType: 'image'
  /** From Api.uploadTempMedia, good for three days. */
  readonly mediaId: string
}

/** A card that opens a web page. */
export interface OutgoingLink extends Common {
  readonly msgType: 'link'
  readonly title: string
  readonly description: string
  readonly url: string
  /** A JPG or PNG on the web. */
  readonly thumbUrl: string
}

/** A card that opens a page of the same Mini Program. */
export interface OutgoingMiniProgramPage extends Common {
  readonly msgType: 'miniprogrampage'
  readonly title: string
  /** As in app.json, with a query if wanted: `pages/order/detail?id=1`. */
  readonly pagePath: string
  /** A media id of type image, 520 × 416 is best. */
  readonly thumbMediaId: string
}

/** The body of /cgi-bin/message/custom/send, as an object. */
export function sendBody(openId: string, message: OutgoingMessage): Record<string, unknown> {
  return {
    touser: openId,
    msgtype: message.msgType,
    [message.msgType]: content(message),
    ...(message.isAiMsg ? { aimsgcontext: { is_ai_msg: 1 } } : {}),
  }
}

function content(message: OutgoingMessage): Record<string, string> {
  switch (message.msgType) {
    case 'text':
      return { content: message.content }
    case 'image':
      return { media_id: message.mediaId }
    case 'link':
      return {
        title: message.title,
        description: message.description,
        url: message.url,
        thumb_url: message.thumbUrl,
      }
    case 'miniprogrampage':
      return { title: message.title, pagepath: message.pagePath, thumb_media_id: message.thumbMediaId }
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

/**
 * Cuts a text into parts of at most `maxBytes` of UTF-8, each of which costs one message. Joined they are the
 * text again. A cut never falls inside a character, an emoji of several, or an `<a>` link that fits, and
 * falls behind a line or a sentence where one ends in the part's second half.
 */
export function splitText(text: string, maxBytes: number = limits.textBytes): string[] {
  if (Buffer.byteLength(text) <= maxBytes) return [text]
  const parts: string[] = []
  let part: string[] = []
  let partBytes = 0
  for (const piece of pieces(text, maxBytes)) {
    const bytes = Buffer.byteLength(piece)
    while (part.length > 0 && partBytes + bytes > maxBytes) {
      const end = cutOf(part)
      parts.push(part.slice(0, end).join(''))
      part = part.slice(end)
      partBytes = Buffer.byteLength(part.join(''))
    }
    part.push(piece)
    partBytes += bytes
  }
  parts.push(part.join(''))
  return parts
}

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' })

/** What must stay whole: a link that fits into one message, else a character; at the worst a code point. */
function* pieces(text: string, maxBytes: number): Generator<string> {
  for (const stretch of text.split(/(<a [^<>]*>[^<>]*<\/a>)/)) {
    if (stretch === '') continue
    if (stretch.startsWith('<a ') && stretch.endsWith('</a>') && Buffer.byteLength(stretch) <= maxBytes) {
      yield stretch
      continue
    }
    for (const character of characters(stretch)) {
      if (Buffer.byteLength(character) <= maxBytes) yield character
      else yield* character
    }
  }
}

// V8's segmenter takes the square of its input's length, so it gets a window at a time, and what the window's end
// may have cut once more.
const WINDOW = 512

function* characters(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const view = text.slice(start, start + WINDOW).replace(/(?<=.)[\ud800-\udbff]$/s, '')
    const seen = [...graphemes.segment(view)]
    if (seen.length > 1 && start + view.length < text.length) seen.pop()
    for (const { segment } of seen) {
      yield segment
      start += segment.length
    }
  }
}

/** Where to cut a full part: behind its last line or sentence if that is in its second half, else at its end. */
function cutOf(part: readonly string[]): number {
  for (const mark of [/^\r?\n$/, /^[。！？!?；;]$/]) {
    const end = part.findLastIndex((piece) => mark.test(piece)) + 1
    if (end > part.length / 2) return end
  }
  return part.length
}
