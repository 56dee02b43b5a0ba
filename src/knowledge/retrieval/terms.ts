import { folded } from '../../conversation/index.js'

/** The terms of a text with their weights: what it is found by. */
export type Terms = ReadonlyMap<string, number>

/** Characters that a sentence is built with and that say little about what it asks. */
const functionCharacters = new Set(
  '的了吗呢吧啊呀我你您他她它们是有在不能可以要会就都也和与或这那哪什么怎么样个一为把给对到从请问想下还没很吗嘛哦么多少几时候',
)
const SINGLE = 0.4
const SINGLE_FUNCTION = 0.3
const HALF = 0.5
const EMPTY = 0.15

/**
 * Returns a text's terms: runs of letters and digits whole, runs of Chinese as pairs of characters and, weighing less,
 * as single ones. Traditional characters count as simplified ones.
 */
export function termsOf(text: string): Terms {
  const terms = new Map<string, number>()
  for (const [run] of normal(text).matchAll(/[\p{sc=Latin}\p{N}]+|\p{sc=Han}+|[\p{L}]+/gu))
    if (/\p{sc=Han}/u.test(run)) addHan(terms, Array.from(run))
    else terms.set(run, 1)
  return terms
}

function addHan(terms: Map<string, number>, characters: readonly string[]): void {
  for (const [index, character] of characters.entries()) {
    const isFunction = functionCharacters.has(character)
    terms.set(character, isFunction ? SINGLE_FUNCTION : SINGLE)
    const next = characters[index + 1]
    if (next === undefined) continue
    const empties = Number(isFunction) + Number(functionCharacters.has(next))
    terms.set(character + next, empties === 2 ? EMPTY : empties === 1 ? HALF : 1)
  }
}

function normal(text: string): string {
  return folded(text.normalize('NFKC')).toLowerCase()
}
