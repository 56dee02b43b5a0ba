import { expect, it } from 'vitest'
import { tinyPng } from '../../test/push-receiver.js'
import { maxPictureBytes, MediaLibrary } from './media-library.js'

it('takes a picture for what its bytes are, and nothing else', () => {
  const library = new MediaLibrary()
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0])
  expect(library.add(tinyPng, 0)?.type).toBe('image/png')
  expect(library.add(jpeg, 0)?.type).toBe('image/jpeg')
  expect(library.add(Buffer.from('GIF89a'), 0)?.type).toBe('image/gif')
  expect(library.add(Buffer.from('RIFF....WEBP'), 0)).toBeUndefined()
  expect(library.add(Buffer.from('<svg onload="alert(1)"/>'), 0)).toBeUndefined()
})

it('lets the oldest pictures go when they are too many for memory', () => {
  const library = new MediaLibrary()
  // The same bytes over and over: only the count of them grows.
  const large = Buffer.concat([tinyPng, Buffer.alloc(maxPictureBytes - tinyPng.length)])
  const ids = Array.from({ length: 30 }, () => library.add(large, 0)?.mediaId ?? '')
  expect(ids.map((id) => library.get(id) !== undefined)).toEqual(ids.map((_, i) => i >= 5))
})
