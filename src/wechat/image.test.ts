import { describe, expect, it } from 'vitest'
import { imageType } from './image.js'

describe('imageType', () => {
  it.each([
    ['a PNG', '89504e470d0a1a0a0000000d49484452', 'image/png'],
    ['a JPEG', 'ffd8ffe000104a46494600', 'image/jpeg'],
    ['a GIF of 1987', Buffer.from('GIF87a…').toString('hex'), 'image/gif'],
    ['a GIF of 1989', Buffer.from('GIF89a…').toString('hex'), 'image/gif'],
    ['a WebP', Buffer.from('RIFF\x10\0\0\0WEBPVP8 ').toString('hex'), 'image/webp'],
  ])('knows %s by its first bytes', (_what, hex, type) => {
    expect(imageType(Buffer.from(hex, 'hex'))).toBe(type)
  })

  it.each([
    ['nothing', ''],
    ['a PNG cut short', '89504e470d0a1a'],
    ['a PNG changed by a text transfer', '89504e470a1a0a0a'],
    ['a GIF of no year', Buffer.from('GIF88a').toString('hex')],
    ['a sound', Buffer.from('RIFF\x10\0\0\0WAVEfmt ').toString('hex')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg">').toString('hex')],
    ['HTML', Buffer.from('<!doctype html><script>').toString('hex')],
    ['a PNG behind something else', '0089504e470d0a1a0a'],
  ])('does not take %s for a picture', (_what, hex) => {
    expect(imageType(Buffer.from(hex, 'hex'))).toBeUndefined()
  })
})
