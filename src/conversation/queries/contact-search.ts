import { sql, type RawBuilder } from 'kysely'
import type { Dialect } from '../../store/index.js'
import { variantsOf } from './fold.js'

/** Holds where the customer's fields have all the words. No sign in the words has a meaning. */
export function contactHas(dialect: Dialect, words: readonly string[]): RawBuilder<boolean> {
  const known = sql`contact.open_id || ' ' || coalesce(contact.name, '') || ' ' || coalesce(contact.remark, '')`
  const each = words.map(
    (word) => sql`(${has(dialect, known, word)} or exists (select 1 from contact_tag
      where contact_id = contact.id and ${has(dialect, sql.ref('tag'), word)}))`,
  )
  return sql<boolean>`(${sql.join(each, sql` and `)})`
}

/** Characters without width that names are pasted with; the databases know no class of them. */
const WITHOUT_WIDTH = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad']

function has(dialect: Dialect, field: RawBuilder<unknown>, word: string): RawBuilder<unknown> {
  const text = WITHOUT_WIDTH.reduce(
    (inner, character) => sql`replace(${inner}, ${sql.lit(character)}, '')`,
    sql`lower(${field})`,
  )
  if (dialect === 'sqlite') return sql`(${text}) glob ${`*${Array.from(word, inGlob).join('')}*`}`
  return sql`(${text}) ~ ${Array.from(word, inExpression).join('')}`
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
