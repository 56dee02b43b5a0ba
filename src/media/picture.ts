import { imageType, type ImageType } from '../wechat/index.js'

/** The facts that a picture's own bytes tell. */
export interface Picture {
  readonly mime: ImageType
  readonly width: number
  readonly height: number
}

export type PictureProblem = 'unsupported' | 'too_many_pixels'

/** A browser unpacks a picture into four bytes for each pixel: this many are 200 MB. */
const MAX_PIXELS = 50_000_000
/** Pixels. Browsers and decoders hold no more in one direction. */
const MAX_SIDE = 32_767

/**
 * Tells a PNG, JPEG, GIF or WebP by its bytes, whatever its name or Content-Type say, with the size that its header
 * gives. Everything else is unsupported: SVG and HTML could run scripts, and nobody needs them here. Nothing is
 * unpacked, so a bomb costs nothing.
 */
export function readPicture(bytes: Uint8Array): Picture | PictureProblem {
  const mime = imageType(bytes)
  const size = mime && sizeOf(mime, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!mime || !size || size.width === 0 || size.height === 0) return 'unsupported'
  const { width, height } = size
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) return 'too_many_pixels'
  return { mime, width, height }
}

interface Size {
  readonly width: number
  readonly height: number
}

function sizeOf(mime: ImageType, bytes: Buffer): Size | undefined {
  try {
    switch (mime) {
      case 'image/png':
        return pngSize(bytes)
      case 'image/jpeg':
        return jpegSize(bytes)
      case 'image/gif':
        return gifSize(bytes)
      case 'image/webp':
        return webpSize(bytes)
    }
  } catch (error) {
    // The header is cut off.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** https://www.w3.org/TR/png-3/#11IHDR: the first chunk, always of 13 bytes. */
function pngSize(bytes: Buffer): Size | undefined {
  if (bytes.readUInt32BE(8) !== 13 || bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
}

/** ITU-T T.81 B.1.1.3: the frame header comes before the first scan. */
function jpegSize(bytes: Buffer): Size | undefined {
  let at = 2
  for (;;) {
    if (bytes.readUInt8(at) !== 0xff) return undefined
    const marker = bytes.readUInt8(at + 1)
    // Any number of 0xff may stand before a marker.
    if (marker === 0xff) at++
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2
    else if (isFrame(marker)) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
    // A scan, the end, or another start: there is no frame before them.
    else if (marker === 0x00 || (marker >= 0xd8 && marker <= 0xda)) return undefined
    else {
      const length = bytes.readUInt16BE(at + 2)
      if (length < 2) return undefined
      at += 2 + length
    }
  }
}

/** SOF0 to SOF15, without the tables and extensions that have numbers among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** https://www.w3.org/Graphics/GIF/spec-gif89a.txt: a first frame larger than the screen makes the screen larger. */
function gifSize(bytes: Buffer): Size | undefined {
  const screen = { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  let at = 13 + colours(bytes.readUInt8(10))
  for (;;) {
    const block = bytes.readUInt8(at)
    if (block === 0x2c) {
      const right = bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5)
      const bottom = bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7)
      return { width: Math.max(screen.width, right), height: Math.max(screen.height, bottom) }
    }
    // Neither a frame nor an extension: there is no picture.
    if (block !== 0x21) return undefined
    at += 2
    for (let length = bytes.readUInt8(at); length > 0; length = bytes.readUInt8(at)) at += 1 + length
    at++
  }
}

/** The bytes of a GIF's colour table, by the flags that announce it. */
function colours(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1)
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(bytes: Buffer): Size | undefined {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      if (bytes.readUIntBE(23, 3) !== 0x9d012a) return undefined
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
    case 'VP8L': {
      if (bytes.readUInt8(20) !== 0x2f) return undefined
      const bits = bytes.readUInt32LE(21)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 }
    default:
      return undefined
  }
}
