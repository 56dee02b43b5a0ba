import { sql, type RawBuilder } from 'kysely'
import type { Dialect } from '../../store/index.js'
import { variantsOf } from './fold.js'

/** Holds where the customer's fields have all the words. No sign in the words has a meaning. */
export function contactHas(dialect: Dialect, words: readonly string[]): RawBuilder<boolean> {
  const known = sql`lower(contact.open_id || ' ' || coalesce(contact.name, '') || ' ' || coalesce(contact.remark, ''))`
  const typed = [sql.ref('contact.name'), sql.ref('contact.remark')]
  const tag = sql.ref('tag')
  const each = words.map(
    (word) => sql`(${has(dialect, known, typed, word)} or exists (select 1 from contact_tag
      where contact_id = contact.id and ${has(dialect, sql`lower(${tag})`, [tag], word)}))`,
  )
  return sql<boolean>`(${sql.join(each, sql` and `)})`
}

/** Characters without width that names are pasted with; the databases know no class of them. */
const WITHOUT_WIDTH = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad']
const anyOfThem = `[${WITHOUT_WIDTH.join('')}]`

/** Whether a text, which is made of fields that people typed, has a word. */
function has(
  dialect: Dialect,
  text: RawBuilder<unknown>,
  typed: readonly RawBuilder<unknown>[],
  word: string,
): RawBuilder<unknown> {
  const visible = WITHOUT_WIDTH.reduce(
    (inner, character) => sql`replace(${inner}, ${sql.lit(character)}, '')`,
    text,
  )
  // Hardly any name has such a character, and to take it out costs more than to see that there is none.
  const isPasted = typed.map((field) =>
    dialect === 'sqlite' ? sql`${field} glob ${`*${anyOfThem}*`}` : sql`${field} ~ ${anyOfThem}`,
  )
  return sql`(${contains(dialect, text, word)} or ((${sql.join(isPasted, sql` or `)}) and ${contains(dialect, visible, word)}))`
}

/** With more ways to write a word, a pattern is quicker than to look for each. */
const MOST_WAYS = 4

function contains(dialect: Dialect, text: RawBuilder<unknown>, word: string): RawBuilder<unknown> {
  const position = sql.raw(dialect === 'sqlite' ? 'instr' : 'strpos')
  const characters = Array.from(word)
  const count = characters.reduce((product, character) => product * variantsOf(character).length, 1)
  if (count <= MOST_WAYS) {
    const found = waysOf(characters).map((way) => sql`${position}(${text}, ${way}) > 0`)
    return sql`(${sql.join(found, sql` or `)})`
  }
  return dialect === 'sqlite'
    ? sql`${text} glob ${`*${characters.map(inGlob).join('')}*`}`
    : sql`${text} ~ ${characters.map(inExpression).join('')}`
}

/** All ways to write a word. */
function waysOf(characters: readonly string[]): string[] {
  return characters.reduce<string[]>(
    (ways, character) => ways.flatMap((way) => variantsOf(character).map((variant) => way + variant)),
    [''],
  )
}

/** A character for SQLite's GLOB, in which classes are the only escape there is. */
function inGlob(character: string): string {
  const all = variantsOf(character)
  return all.length > 1 || '*?['.includes(character) ? `[${all.join('')}]` : character
}

/** A character for PostgreSQL's regular expressions. */
function inExpression(character: string): string {
  const all = variantsOf(character)
  if (all.length > 1) return `[${all.join('')}]`
  return /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character
}
