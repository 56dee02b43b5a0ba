import { createHash } from 'node:crypto'
import { ConfigError, KefuError } from '../errors.js'
import type { Logger } from '../log.js'
import { compileRules, type CompiledRules } from '../rules/compile.js'
import { checkRules, type Checked } from '../rules/rule-check.js'
import { problemsText, type Problem } from '../rules/rule-problem.js'
import type { RuleSet } from '../rules/rule-set.js'
import type { RepliesAllowed } from '../rules/rule-warning.js'
import type { Store, Tx } from '../store/index.js'

export interface RuleBookOptions {
  readonly store: Store
  readonly allowed: RepliesAllowed
  readonly logger: Logger
}

/** The rules are others than those that were to be replaced; nothing was changed. */
export class RulesChangedError extends KefuError {
  readonly code = 'conflict'
}

/** How often the rules are read again, should a word of their change have been missed. */
const REREAD_MS = 30_000
const CHANGED = 'rules'
/** Rows in one statement, below what databases take in parameters. */
const ROWS = 500
/** Held by whoever replaces the rules, until the commit. */
const HELD = 'rules_held'
/** The setting that keeps the business hours. */
const SCHEDULES = 'schedules'

/** The rules of the database, compiled, and replaced while the service runs. */
export class RuleBook {
  readonly #options: RuleBookOptions
  #set: RuleSet = { rules: [] }
  #compiled: CompiledRules = compileRules({ rules: [] })
  #text = ''
  #schedules = '[]'
  #reading: Promise<void> = Promise.resolve()
  readonly #ends: (() => void)[] = []

  constructor(options: RuleBookOptions) {
    this.#options = options
  }

  /** What the rules' middleware asks for each push. */
  get compiled(): CompiledRules {
    return this.#compiled
  }

  get set(): RuleSet {
    return this.#set
  }

  /** What tells these rules from others: the same rules have the same. */
  get version(): string {
    return versionOf(this.#text)
  }

  /** The same of the business hours alone. */
  get schedulesVersion(): string {
    return versionOf(this.#schedules)
  }

  /** Reads the rules and follows their changes, also those that other processes make. */
  async start(): Promise<void> {
    await this.#reread()
    const reread = (): void => {
      this.#reread().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'the rules could not be read again; they stay as they were')
      })
    }
    const timer = setInterval(reread, REREAD_MS).unref()
    this.#ends.push(this.#options.store.signals.on(CHANGED, reread), () => {
      clearInterval(timer)
    })
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    await this.#reading.catch(() => undefined)
  }

  /**
   * Puts these rules, parsed JSON, in the place of all others; gives what is doubtful about them. Throws ConfigError,
   * and RulesChangedError when those in the database are not of the version that was to be replaced.
   */
  async replace(value: unknown, expected?: string): Promise<readonly Problem[]> {
    const { store } = this.#options
    const warnings = await store.db.transaction().execute(async (tx) => {
      await hold(tx)
      if (expected !== undefined && versionOf(await readText(tx)) !== expected)
        throw new RulesChangedError('Somebody else has changed the rules since they were read.')
      // Without business hours of their own they go with those that there are.
      const kept = isObject(value) && !('schedules' in value)
      const whole = kept ? { ...value, schedules: JSON.parse(await readSchedules(tx)) as unknown } : value
      const checked = this.#checked(whole)
      await writeRules(tx, checked.rules)
      if (!kept) await writeSchedules(tx, checked.rules.schedules ?? [])
      return checked.warnings
    })
    await this.#tell()
    return warnings
  }

  /** Puts these business hours in the place of all others. Throws as replace. */
  async replaceSchedules(schedules: readonly unknown[], expected?: string): Promise<void> {
    await this.#options.store.db.transaction().execute(async (tx) => {
      await hold(tx)
      if (expected !== undefined && versionOf(await readSchedules(tx)) !== expected)
        throw new RulesChangedError('Somebody else has changed the business hours since they were read.')
      const rules = JSON.parse(await readText(tx)) as unknown
      await writeSchedules(tx, this.#checked({ rules, schedules }).rules.schedules ?? [])
    })
    await this.#tell()
  }

  #checked(value: unknown): Extract<Checked, { ok: true }> {
    const checked = checkRules(value, this.#options.allowed)
    if (!checked.ok) throw new ConfigError(`The rules can’t work:\n${problemsText(checked.problems)}`)
    return checked
  }

  async #tell(): Promise<void> {
    await this.#reread()
    await this.#options.store.signals.send(CHANGED, '')
  }

  /** One reading after the other, so that an older one never replaces a newer. */
  #reread(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    const { store, allowed, logger } = this.#options
    const [text, schedules] = [await readText(store.db), await readSchedules(store.db)]
    if (text === this.#text && schedules === this.#schedules) return
    this.#text = text
    this.#schedules = schedules
    const read = { rules: JSON.parse(text) as unknown, schedules: JSON.parse(schedules) as unknown }
    const checked = checkRules(read, allowed)
    if (checked.ok) {
      this.#set = checked.rules
      this.#compiled = compileRules(checked.rules)
      logger.info({ rules: checked.rules.rules.length }, 'rules read')
    } else
      logger.error(
        { problems: checked.problems.slice(0, 5) },
        'the rules in the database can’t work; those from before stay. Import them again: kefu rules import FILE',
      )
  }
}

/** So that of two who replace the rules at once the second sees what the first did. */
async function hold(tx: Tx): Promise<void> {
  await tx
    .insertInto('setting')
    .values({ key: HELD, value: '1' })
    .onConflict((oc) => oc.column('key').doUpdateSet({ value: '1' }))
    .execute()
}

async function readText(db: Store['db'] | Tx): Promise<string> {
  const rows = await db.selectFrom('rule').select('definition').orderBy('position').execute()
  return `[${rows.map((row) => row.definition).join(',')}]`
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

async function readSchedules(db: Store['db'] | Tx): Promise<string> {
  const row = await db.selectFrom('setting').select('value').where('key', '=', SCHEDULES).executeTakeFirst()
  return row?.value ?? '[]'
}

async function writeRules(tx: Tx, { rules }: RuleSet): Promise<void> {
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

async function writeSchedules(tx: Tx, schedules: NonNullable<RuleSet['schedules']>): Promise<void> {
  const value = JSON.stringify(schedules)
  await tx
    .insertInto('setting')
    .values({ key: SCHEDULES, value })
    .onConflict((oc) => oc.column('key').doUpdateSet({ value }))
    .execute()
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
