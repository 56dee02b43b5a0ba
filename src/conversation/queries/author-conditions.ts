import { sql, type RawBuilder } from 'kysely'
import type { BotAuthor } from '../../protocol/author.js'

/** Whether the author in a column is the bot, by a rule or by handlers in code. */
export function writtenByBot(column: string): RawBuilder<boolean> {
  const [bot, rule] = ['bot', 'rule:%'] as const satisfies readonly BotAuthor[]
  return sql<boolean>`(${sql.ref(column)} = ${sql.lit(bot)} or ${sql.ref(column)} like ${sql.lit(rule)})`
}

/** Whether the author in a column is a person at the desk. */
export function writtenByAgent(column: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} like ${sql.lit('agent:%')}`
}
