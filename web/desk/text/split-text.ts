import { utf8Bytes } from './bytes.js'
import { composerLimits } from './composer-limits.js'

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' })
/** Longer than any text that the composer takes is at once; a segmenter takes the square of its input's length. */
const stretch = 512

/**
 * Splits a text into as few messages as WeChat takes, behind a line or sentence where one ends in the second half and
 * that costs no message more.
 */
export function splitText(text: string, maxBytes: number = composerLimits.textBytes): string[] {
  if (utf8Bytes(text) <= maxBytes) return [text]
  const pieces = [...characters(text)]
  const even = split(pieces, maxBytes, cutOf)
  const full = split(pieces, maxBytes, ({ length }) => length)
  return full.length < even.length ? full : even
}

/** Messages that are filled and then cut where `end` says. */
function split(
  pieces: readonly string[],
  maxBytes: number,
  end: (part: readonly string[]) => number,
): string[] {
  const parts: string[] = []
  let part: string[] = []
  let bytes = 0
  for (const piece of pieces) {
    const size = utf8Bytes(piece)
    if (bytes + size > maxBytes && part.length > 0) {
      const cut = end(part)
      parts.push(part.slice(0, cut).join(''))
      part = part.slice(cut)
      bytes = utf8Bytes(part.join(''))
    }
    part.push(piece)
    bytes += size
  }
  parts.push(part.join(''))
  return parts.map((one) => one.trim()).filter((one) => one !== '')
}

function* characters(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const view = text.slice(start, start + stretch).replace(/(?<=.)[\ud800-\udbff]$/s, '')
    const seen = [...graphemes.segment(view)]
    if (seen.length > 1 && start + view.length < text.length) seen.pop()
    for (const { segment } of seen) {
      yield segment
      start += segment.length
    }
  }
}

function cutOf(part: readonly string[]): number {
  for (const mark of [/^\r?\n$/, /^[。！？!?；;]$/]) {
    const end = part.findLastIndex((piece) => mark.test(piece)) + 1
    if (end > part.length / 2) return end
  }
  return part.length
}
