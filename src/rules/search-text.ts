const BEGIN_LINE = 1
const END_LINE = 2
export const BEGIN_TEXT = 4
const END_TEXT = 8
const WORD_BOUNDARY = 16
const NO_WORD_BOUNDARY = 32

/** -1 behind the end. */
export function runeAt(text: string, at: number): number {
  return text.codePointAt(at) ?? -1
}

/** Returns the edges at a place: of the text, of a line, of a word. */
export function edgesAt(text: string, at: number): number {
  const before = at === 0 ? -1 : text.charCodeAt(at - 1)
  const after = at >= text.length ? -1 : text.charCodeAt(at)
  return (
    (before === -1 ? BEGIN_TEXT | BEGIN_LINE : before === 10 ? BEGIN_LINE : 0) |
    (after === -1 ? END_TEXT | END_LINE : after === 10 ? END_LINE : 0) |
    (isWord(before) === isWord(after) ? NO_WORD_BOUNDARY : WORD_BOUNDARY)
  )
}

function isWord(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95
  )
}
