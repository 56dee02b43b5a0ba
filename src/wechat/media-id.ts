/** The media id of a message's picture: an image's own, or a card's thumbnail; undefined where there is none. */
export function mediaIdOf(message: {
  readonly msgType?: unknown
  readonly mediaId?: unknown
  readonly thumbMediaId?: unknown
}): string | undefined {
  const id = message.mediaId ?? message.thumbMediaId
  return typeof id === 'string' && id !== '' ? id : undefined
}
