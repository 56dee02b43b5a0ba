import { crc32, deflateSync } from 'node:zlib'

/** A whole PNG of one grey, of any size that its header claims; `data` false leaves the pixels out. */
export function png(width = 2, height = 2, { data = true } = {}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', data ? deflateSync(Buffer.alloc((width + 1) * height)) : Buffer.alloc(0)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A JPEG's beginning: an APP0 and a comment before the frame header. */
export function jpeg(width: number, height: number, rest = Buffer.alloc(0)): Buffer {
  const frame = Buffer.from([0xff, 0xc2, 0, 11, 8, 0, 0, 0, 0, 1, 0x11, 0, 0])
  frame.writeUInt16BE(height, 5)
  frame.writeUInt16BE(width, 7)
  return Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xfe, 0, 6, 0xff, 0xc0, 0xff, 0xc0, 0xff]),
    frame,
    rest,
  ])
}

/** A GIF whose first frame may be larger than its screen. */
export function gif(width: number, height: number, frame = { width, height }): Buffer {
  const screen = Buffer.from('GIF89a\0\0\0\0\x80\0\0', 'latin1')
  screen.writeUInt16LE(width, 6)
  screen.writeUInt16LE(height, 8)
  const image = Buffer.from([0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  image.writeUInt16LE(frame.width, 5)
  image.writeUInt16LE(frame.height, 7)
  return Buffer.concat([
    screen,
    Buffer.from([0, 0, 0, 255, 255, 255]),
    Buffer.from([0x21, 0xf9, 4, 0, 0, 0, 0, 0]),
    image,
    Buffer.from([2, 2, 0x4c, 1, 0, 0x3b]),
  ])
}

/** A WebP's beginning, in one of its three forms. */
export function webp(form: 'VP8 ' | 'VP8L' | 'VP8X', width: number, height: number): Buffer {
  const bytes = Buffer.alloc(30)
  bytes.write('RIFF\x16\0\0\0WEBP', 'latin1')
  bytes.write(form, 12, 'latin1')
  if (form === 'VP8 ') {
    bytes.set([0x9d, 0x01, 0x2a], 23)
    bytes.writeUInt16LE(width, 26)
    bytes.writeUInt16LE(height, 28)
  } else if (form === 'VP8L') {
    bytes[20] = 0x2f
    bytes.writeUInt32LE((width - 1) | ((height - 1) << 14), 21)
  } else {
    bytes.writeUIntLE(width - 1, 24, 3)
    bytes.writeUIntLE(height - 1, 27, 3)
  }
  return bytes
}
