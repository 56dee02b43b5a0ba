// @ts-check
/** Bounds for what packed files unpack to, kept before a library reads them. In JavaScript, as the thread's own file is. */
import { inflateRawSync, inflateSync } from 'node:zlib'

/** The most that a file's parts unpack to in all. */
const UNPACKED_BYTES = 64 * 1024 * 1024
const MOST_PARTS = 5000

/** A file that is not read, and why. */
export class Refused extends Error {
  /** @param {import('./file-reader.js').FileProblem} why */
  constructor(why) {
    super(why)
    this.why = why
  }
}

/**
 * Unpacks each part of a zip once within the bounds, and refuses XML with a DOCTYPE, as it may name other files or
 * repeat itself. Returns the names of the parts.
 * @param {Buffer} bytes
 */
export function checkZip(bytes) {
  const names = new Set()
  let left = UNPACKED_BYTES
  for (const { name, method, start, length } of partsOf(bytes)) {
    const packed = bytes.subarray(start, start + length)
    const part = method === 0 ? packed : unpack(() => inflateRawSync(packed, { maxOutputLength: left }))
    left -= part.length
    if (left <= 0) throw new Refused('too_much')
    if (/\.(xml|rels)$/i.test(name) && /<!DOCTYPE|<!ENTITY/i.test(xmlOf(part))) throw new Refused('broken')
    names.add(name)
  }
  return names
}

/**
 * Unpacks each packed stream of a PDF once, so that none is larger than the bound.
 * @param {Buffer} bytes
 */
export function checkPdf(bytes) {
  let from = 0
  for (;;) {
    const found = bytes.indexOf('stream', from)
    if (found < 0) return
    from = found + 6
    const start = bytes[from] === 13 ? from + 2 : from + 1
    try {
      inflateSync(bytes.subarray(start), { maxOutputLength: UNPACKED_BYTES })
    } catch (error) {
      // Anything else that is wrong with it is left to the reader: a stream may be packed in other ways.
      if (isTooLarge(error)) throw new Refused('too_much')
    }
  }
}

/**
 * @param {Buffer} bytes
 * @returns {{ name: string, method: number, start: number, length: number }[]}
 */
function partsOf(bytes) {
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  if (end < 0 || end + 22 > bytes.length) throw new Refused('broken')
  const count = bytes.readUInt16LE(end + 10)
  if (count > MOST_PARTS) throw new Refused('too_much')
  let place = bytes.readUInt32LE(end + 16)
  const parts = []
  for (let index = 0; index < count; index++) {
    if (place + 46 > end || bytes.readUInt32LE(place) !== 0x02014b50) throw new Refused('broken')
    const flags = bytes.readUInt16LE(place + 8)
    const method = bytes.readUInt16LE(place + 10)
    const length = bytes.readUInt32LE(place + 20)
    const nameLength = bytes.readUInt16LE(place + 28)
    const head = bytes.readUInt32LE(place + 42)
    // Encrypted, or packed as no office program does.
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8) || head + 30 > bytes.length)
      throw new Refused('broken')
    const start = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28)
    if (start + length > bytes.length) throw new Refused('broken')
    parts.push({ name: bytes.toString('utf8', place + 46, place + 46 + nameLength), method, start, length })
    place += 46 + nameLength + bytes.readUInt16LE(place + 30) + bytes.readUInt16LE(place + 32)
  }
  return parts
}

/** @param {() => Buffer} work */
function unpack(work) {
  try {
    return work()
  } catch (error) {
    throw new Refused(isTooLarge(error) ? 'too_much' : 'broken')
  }
}

/** @param {unknown} error */
function isTooLarge(error) {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

/**
 * XML's beginning as text, whichever of its two encodings it has.
 * @param {Buffer} part
 */
function xmlOf(part) {
  const start = part.subarray(0, 65_536)
  return start.includes(0) ? start.toString('latin1').replaceAll('\0', '') : start.toString('latin1')
}
