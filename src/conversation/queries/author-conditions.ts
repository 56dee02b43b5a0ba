import { sql, type RawBuilder } from 'kysely'
import type { BotAuthor } from '../../protocol/author.js'

/** Whether the author in a column is the bot: a rule, an assistant, or handlers in code. */
export function writtenByBot(column: string): RawBuilder<boolean> {
  const [bot, rule, assistant] = ['bot', 'rule:%', 'assistant:%'] as const satisfies readonly BotAuthor[]
  const name = sql.ref(column)
  return sql<boolean>`(${name} = ${sql.lit(bot)} or ${name} like ${sql.lit(rule)} or ${name} like ${sql.lit(assistant)})`
}

/** Whether the author in a column is a person at the desk. */
export function writtenByAgent(column: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} like ${sql.lit('agent:%')}`
}
