import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gif, jpeg, png, webp } from '../../test/support/pictures.js'
import { readPicture } from './picture.js'
import { runs } from '../../test/support/property-runs.js'

describe('readPicture', () => {
  it.each([
    ['image/png', png(20, 10)],
    ['image/jpeg', jpeg(20, 10)],
    ['image/gif', gif(20, 10)],
    ['image/webp', webp('VP8 ', 20, 10)],
    ['image/webp', webp('VP8L', 20, 10)],
    ['image/webp', webp('VP8X', 20, 10)],
  ])('tells a %s and its size by its bytes', (mime, bytes) => {
    expect(readPicture(bytes)).toEqual({ mime, width: 20, height: 10 })
  })

  it('reads a view into a larger buffer', () => {
    const padded = new Uint8Array([1, 2, 3, ...png(3, 4), 5])
    expect(readPicture(padded.subarray(3, -1))).toMatchObject({ width: 3, height: 4 })
  })

  it.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['SVG behind an XML declaration', '<?xml version="1.0"?><svg/>'],
    ['HTML', '<!DOCTYPE html><script>alert(1)</script>'],
    ['HTML behind a blank', '\n<html><img src=x onerror=alert(1)>'],
    ['a PDF', '%PDF-1.7'],
    ['a BMP', 'BM\x1e\0\0\0'],
    ['an icon', '\0\0\x01\0\x01\0'],
    ['a TIFF', 'II*\0'],
    ['JSON', '{"errcode":40007}'],
    ['nothing', ''],
    ['a GIF’s name and a script', 'GIF89a=1;alert(1)//'],
    ['a JPEG’s start and a page', '\xff\xd8\xff<html><script>alert(1)</script>'],
    ['a PNG’s signature and a page', '\x89PNG\r\n\x1a\n<html><script>alert(1)</script></html>'],
    ['a RIFF that is a sound', 'RIFF\0\0\0\0WAVEfmt '],
    ['a WebP of no known form', 'RIFF\0\0\0\0WEBPVP9 \0\0\0\0\0\0\0\0\0\0\0\0\0\0'],
  ])('takes no %s', (_what, text) => {
    expect(readPicture(Buffer.from(text, 'latin1'))).toBe('unsupported')
  })

  it('takes no picture without extent, and none whose frame comes too late', () => {
    expect(readPicture(png(0, 5, { data: false }))).toBe('unsupported')
    expect(readPicture(jpeg(5, 0))).toBe('unsupported')
    const scanFirst = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2]), jpeg(5, 5).subarray(2)])
    expect(readPicture(scanFirst)).toBe('unsupported')
  })

  it('refuses what a browser would unpack into too much, by the header alone', () => {
    expect(readPicture(png(10_000, 5001, { data: false }))).toBe('too_many_pixels')
    expect(readPicture(png(40_000, 1, { data: false }))).toBe('too_many_pixels')
    expect(readPicture(png(0xffffffff, 0xffffffff, { data: false }))).toBe('too_many_pixels')
    expect(readPicture(jpeg(65_535, 65_535))).toBe('too_many_pixels')
    expect(readPicture(webp('VP8X', 2 ** 24, 2 ** 24))).toBe('too_many_pixels')
    expect(readPicture(gif(1, 1, { width: 30_000, height: 30_000 }))).toBe('too_many_pixels')
  })

  it('is never thrown out of step by what follows a signature, or by a picture that is cut off', () => {
    const starts = [png(9, 9), jpeg(9, 9), gif(9, 9), webp('VP8 ', 9, 9), webp('VP8L', 9, 9)]
    const cut = fc
      .tuple(fc.constantFrom(...starts), fc.nat(60), fc.uint8Array({ maxLength: 300 }))
      .map(([start, length, rest]) => Buffer.concat([start.subarray(0, length), rest]))
    fc.assert(
      fc.property(cut, (bytes) => {
        const picture = readPicture(bytes)
        if (typeof picture === 'string') return true
        return picture.width > 0 && picture.height > 0 && picture.width * picture.height <= 50_000_000
      }),
      { numRuns: runs(5000) },
    )
  })
})
