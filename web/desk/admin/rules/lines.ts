import type { Translate } from './conditions/condition-field.js'

const MAX_ITEMS = 4
const MAX_CHARACTERS = 40

/** The lines that hold anything, without white space around them. */
export function linesOf(lines: string): string[] {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Where a rules file may have one or a list. */
export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return isList(value) ? value : [value]
}

/** The first few of them, each shortened. */
export function listed(items: readonly string[], t: Translate): string {
  const shown = items.slice(0, MAX_ITEMS).map(short).join(t('row.comma'))
  return items.length > MAX_ITEMS ? `${shown}…` : shown
}

/** A text in one line, shortened. */
export function short(text: string): string {
  const characters = Array.from(text.replaceAll(/\s+/g, ' ').trim())
  return characters.length > MAX_CHARACTERS
    ? `${characters.slice(0, MAX_CHARACTERS).join('')}…`
    : characters.join('')
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}
