import { limits, utf8Bytes } from '../../wechat/index.js'

/** A part of a text that stands for itself. */
export interface Piece {
  readonly title: string
  readonly text: string
  /** The line where it begins, from 1. */
  readonly line: number
}

const PIECE_LENGTH = 600
const TITLE_LENGTH = 60

/**
 * Cuts a text into pieces of at most 600 characters, at headings (`# …`) first, then between paragraphs, then between
 * sentences. A piece is named by its heading, else by its first sentence.
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let heading = ''
  let lines: string[] = []
  let start = 1
  const flush = (): void => {
    const whole = lines.join('\n').trim()
    if (whole !== '') pieces.push({ title: heading || firstSentence(whole), text: whole, line: start })
    lines = []
  }
  for (const [index, raw] of plain(text).split('\n').entries()) {
    const [, name] = /^#{1,6}\s+(.*?)\s*#*\s*$/.exec(raw) ?? []
    if (name !== undefined) {
      flush()
      heading = cut(name, TITLE_LENGTH)
      continue
    }
    for (const line of fitting(raw.trim())) {
      if (!fits([...lines, line].join('\n').trim())) flush()
      if (lines.length === 0) {
        if (line === '') continue
        start = index + 1
      }
      lines.push(line)
    }
  }
  flush()
  return pieces
}

/**
 * Makes characters that PDF files hold in the place of others ordinary ones, such as ⽤ for 用, and takes out what nobody
 * sees. Punctuation stays as wide as it was written.
 */
function plain(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u2028\u2029\f]/g, '\n')
    .replaceAll(/[\p{Letter}\p{Decimal_Number}\u2e80-\u2fdf]+/gu, (run) => run.normalize('NFKC'))
    .replaceAll(/[^\P{Control}\n\t]|[\u200b-\u200f\u2060\ufeff]/gu, '')
}

/** A line in parts that each fit into a piece, cut after sentences where that can be. */
function fitting(line: string): string[] {
  if (fits(line)) return [line]
  const parts: string[] = []
  let part = ''
  for (const sentence of line.match(/[^。！？!?；;]*[。！？!?；;]?/gu) ?? [])
    for (const each of fits(sentence) ? [sentence] : sentence) {
      if (part !== '' && !fits(part + each)) {
        parts.push(part)
        part = ''
      }
      part += each
    }
  return part === '' ? parts : [...parts, part]
}

function fits(text: string): boolean {
  return text.length <= PIECE_LENGTH && utf8Bytes(text) <= limits.textBytes
}

function firstSentence(text: string): string {
  const [line = ''] = text.split('\n', 1)
  const [sentence = line] = /^[^。！？!?；;]+[。！？!?]?/u.exec(line) ?? []
  return cut(sentence.trim(), TITLE_LENGTH)
}

function cut(text: string, length: number): string {
  const characters = Array.from(text)
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
