import type { MessageView } from '../api/views.js'

/** A card's cover: here, one that the card never had, gone, or not here for another reason. */
export type CardCover = 'stored' | 'none' | 'expired' | 'missing'

export function cardCover({
  media,
  thumbMediaId = '',
}: Pick<MessageView, 'media' | 'thumbMediaId'>): CardCover {
  if (media === null) return thumbMediaId === '' ? 'none' : 'missing'
  return media.state === 'stored' || media.state === 'expired' ? media.state : 'missing'
}
