import type { Dialect } from '../../store/index.js'
import { folded } from './fold.js'

/**
 * A text is found by its pieces: every two characters that stand beside each other, and every single one. What is
 * longer is a row of pairs, each overlapping the next, so that a search finds exactly what contains it. Words of
 * Chinese need no dictionary then, and shorter ones than three characters are found too.
 */

/** Of a longer text only so much is found. */
const MAX_CHARACTERS = 10_000
/** Stands between stretches, so that no row of pairs goes across white space. */
const GAP = '\uE000'

/**
 * Text as it is compared: full and half width, upper and lower case, traditional and simplified characters are the
 * same, and characters that nobody sees are left out.
 */
export function normalised(text: string): string {
  return folded(unfolded(text))
}

/** Whether indexes of before have the text as it is compared now. */
export function isIndexedAsBefore(text: string): boolean {
  const before = unfolded(text)
  return folded(before) === before
}

function unfolded(text: string): string {
  return text.slice(0, MAX_CHARACTERS).normalize('NFKC').toLowerCase()
}

/** Returns the words of a query: stretches without white space, all of which must be found. */
export function wordsOf(query: string): string[] {
  return normalised(query)
    .split(white)
    .filter((word) => word !== '')
}

const white = /[\p{White_Space}\p{Cc}]+/u

/** Returns a text in the form that the database's index takes; undefined when there is nothing to find. */
export function indexedForm(dialect: Dialect, text: string): string | undefined {
  const stretches = wordsOf(text).map(charactersOf)
  if (stretches.length === 0) return undefined
  const singles = [...new Set(stretches.flat())]
  if (dialect === 'sqlite')
    return [singles.join(' '), ...stretches.map((each) => pairsOf(each).join(' '))].join(` ${GAP} `)
  let position = 1
  const pairs = stretches.flatMap((each) => {
    position++
    return pairsOf(each).map((pair) => `'${pair}':${position++}`)
  })
  return [...singles.map((single) => `'${single}'`), ...pairs].join(' ')
}

/** A query in the form that the database's index takes. */
export function queryForm(dialect: Dialect, words: readonly string[]): string {
  const rows = words.map((word) => {
    const characters = charactersOf(word)
    return characters.length === 1 ? characters : pairsOf(characters)
  })
  return dialect === 'sqlite'
    ? rows.map((row) => `"${row.join(' ')}"`).join(' AND ')
    : rows.map((row) => `(${row.map((piece) => `'${piece}'`).join(' <-> ')})`).join(' & ')
}

/** Whether a text has all the words, as the index would find it. */
export function contains(text: string, words: readonly string[]): boolean {
  const compared = normalised(text)
  return words.every((word) => compared.includes(word))
}

function pairsOf(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, i) => `${characters[i] ?? ''}${character}`)
}

/** Code points; signs of ASCII, which have a meaning to the indexes, are moved to where nothing has one. */
function charactersOf(text: string): string[] {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD'
    return code < 0x80 && !/[a-z0-9]/.test(character) ? String.fromCodePoint(0xe000 + code) : character
  })
}
