import { limits } from './limits.js'

/** The bytes of a text in UTF-8, as WeChat counts. A lone surrogate is three, those of what replaces it. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80) continue
    const isPair = (code & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    // A pair is two units and four bytes; a unit from U+0800 on is three bytes, below it two.
    bytes += isPair || code >= 0x800 ? 2 : 1
    if (isPair) at++
  }
  return bytes
}

/**
 * Cuts a text into parts of at most `maxBytes` of UTF-8, each of which costs one message. Joined they are the
 * text again. A cut never falls inside a character, an emoji of several, or an `<a>` link that fits, and
 * falls behind a line or a sentence where one ends in the part's second half.
 */
export function splitText(text: string, maxBytes: number = limits.textBytes): string[] {
  if (utf8Bytes(text) <= maxBytes) return [text]
  const parts: string[] = []
  let part: string[] = []
  let partBytes = 0
  for (const piece of pieces(text, maxBytes)) {
    const bytes = utf8Bytes(piece)
    while (part.length > 0 && partBytes + bytes > maxBytes) {
      const end = cutOf(part)
      parts.push(part.slice(0, end).join(''))
      part = part.slice(end)
      partBytes = utf8Bytes(part.join(''))
    }
    part.push(piece)
    partBytes += bytes
  }
  parts.push(part.join(''))
  return parts
}

/** Yields the pieces that must stay whole: a link that fits into one message, else a character; at the worst a code point. */
function* pieces(text: string, maxBytes: number): Generator<string> {
  for (const stretch of text.split(/(<a [^<>]*>[^<>]*<\/a>)/)) {
    if (stretch === '') continue
    if (stretch.startsWith('<a ') && stretch.endsWith('</a>') && utf8Bytes(stretch) <= maxBytes) {
      yield stretch
      continue
    }
    for (const character of characters(stretch)) {
      if (utf8Bytes(character) <= maxBytes) yield character
      else yield* character
    }
  }
}

// V8's segmenter takes the square of its input's length, so it gets a window at a time, and what the window's end
// may have cut once more.
const WINDOW = 512

/** The characters of a text as people see them, an emoji of several code points as one. */
export function* characters(text: string): Generator<string> {
  // Made where a text needs it: the first of a process takes 10 ms, in which a start would do nothing else.
  let graphemes: Intl.Segmenter | undefined
  for (let start = 0; start < text.length;) {
    const view = text.slice(start, start + WINDOW).replace(/(?<=.)[\ud800-\udbff]$/s, '')
    if (simple.test(view)) {
      // The text behind the window may belong to its last character.
      const end = start + view.length < text.length && view.length > 1 ? view.length - 1 : view.length
      for (let at = 0; at < end; at++) yield view.charAt(at)
      start += end
      continue
    }
    graphemes ??= new Intl.Segmenter('zh', { granularity: 'grapheme' })
    const seen = [...graphemes.segment(view)]
    if (seen.length > 1 && start + view.length < text.length) seen.pop()
    for (const { segment } of seen) {
      yield segment
      start += segment.length
    }
  }
}

/** Characters that are each one of their own, whatever of these stands beside them: the segmenter takes ten times as long. */
const simple = /^[\n\x20-\x7e、-〩ぁ-ゖァ-ヺ一-鿿！-～‘’“”…—]*$/

/** Where to cut a part that is full: behind its last line or sentence if that is in its second half, else at its end. */
export function cutOf(part: readonly string[]): number {
  for (const mark of [/^\r?\n$/, /^[。！？!?；;]$/]) {
    const end = part.findLastIndex((piece) => mark.test(piece)) + 1
    if (end > part.length / 2) return end
  }
  return part.length
}

const invisible = /\p{Default_Ignorable_Code_Point}/gu

/**
 * Returns a text without the characters that have no width and that nobody sees: zero-width spaces and joiners, soft hyphens,
 * marks of direction, variation selectors (Unicode's Default_Ignorable_Code_Point). Only for comparing: emoji of several
 * fall apart.
 */
export function withoutInvisible(text: string): string {
  return text.replace(invisible, '')
}
