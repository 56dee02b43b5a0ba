import { expect, it } from 'vitest'
import type { MediaView } from '../api/views.js'
import { cardCover } from './card-cover.js'

it('a card that never had a cover is told from one whose cover is gone, or not here yet', () => {
  const media = (state: MediaView['state'], problem: string | null = null): MediaView => ({
    id: 1,
    state,
    problem,
    mime: null,
    width: null,
    height: null,
  })
  expect(cardCover({ media: null })).toBe('none')
  expect(cardCover({ media: null, thumbMediaId: '' })).toBe('none')
  // The service has not looked for it yet.
  expect(cardCover({ media: null, thumbMediaId: 'm' })).toBe('missing')
  expect(cardCover({ media: media('wanted'), thumbMediaId: 'm' })).toBe('missing')
  expect(cardCover({ media: media('failed', '48001'), thumbMediaId: 'm' })).toBe('missing')
  expect(cardCover({ media: media('expired', 'expired'), thumbMediaId: 'm' })).toBe('expired')
  expect(cardCover({ media: media('stored'), thumbMediaId: 'm' })).toBe('stored')
})
