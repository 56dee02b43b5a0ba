import { createHash } from 'node:crypto'
import type { RuleSet } from './rule-set.js'
import { readSetting, writeSetting, type Store, type Tx } from '../store/index.js'

// How rules and business hours lie in the database.

/** Rows in one statement, below what databases take in parameters. */
const ROWS = 500
/** Held by whoever replaces the rules, until the commit. */
const HELD = 'rules_held'
/** The setting that keeps the business hours. */
const SCHEDULES = 'schedules'

/** So that of two who replace the rules at once the second sees what the first did. */
export async function hold(tx: Tx): Promise<void> {
  await writeSetting(tx, HELD, '1')
}

export async function readText(db: Store['db'] | Tx): Promise<string> {
  const rows = await db.selectFrom('rule').select('definition').orderBy('position').execute()
  return `[${rows.map((row) => row.definition).join(',')}]`
}

export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

export async function readSchedules(db: Store['db'] | Tx): Promise<string> {
  return (await readSetting(db, SCHEDULES)) ?? '[]'
}

export async function writeRules(tx: Tx, { rules }: RuleSet): Promise<void> {
  const rows = rules.map((rule, position) => ({
    position,
    name: rule.name,
    enabled: rule.enabled === false ? 0 : 1,
    definition: JSON.stringify(rule),
  }))
  await tx.deleteFrom('rule').execute()
  for (let i = 0; i < rows.length; i += ROWS)
    await tx
      .insertInto('rule')
      .values(rows.slice(i, i + ROWS))
      .execute()
}

export async function writeSchedules(tx: Tx, schedules: NonNullable<RuleSet['schedules']>): Promise<void> {
  const value = JSON.stringify(schedules)
  await writeSetting(tx, SCHEDULES, value)
}
