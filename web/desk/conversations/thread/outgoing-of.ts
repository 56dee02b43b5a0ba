import type { MessageView, OutgoingMessage } from '../../api/views.js'

/** A message's content as it can be sent once more; null for what lacks a part of it. */
export function outgoingOf(message: MessageView): OutgoingMessage | null {
  const { msgType, content, mediaId, title, description, url, thumbUrl, pagePath, thumbMediaId } = message
  switch (msgType) {
    case 'text':
      return content === undefined ? null : { msgType, content }
    case 'image':
      return mediaId === undefined ? null : { msgType, mediaId }
    case 'link':
      return title === undefined || url === undefined || thumbUrl === undefined
        ? null
        : { msgType, title, description: description ?? '', url, thumbUrl }
    case 'miniprogrampage':
      return title === undefined || pagePath === undefined || thumbMediaId === undefined
        ? null
        : { msgType, title, pagePath, thumbMediaId }
    default:
      return null
  }
}
